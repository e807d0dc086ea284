//! What can only be read: class of service, location, system configuration, proxy addresses, version.

use super::{assert_refused, get, send, set, start};
use crate::support::ask;

const PROXIES: &str = "/vmrest/user/smtpproxyaddresses";

#[actix_web::test]
async fn a_class_of_service_has_all_elements_of_the_guides_sample_in_its_order() {
    let simulator = start();

    let cos = get(&simulator, "nadia", "/vmrest/user/cos").await;

    assert_eq!(
        cos,
        "<Cos><URI>/vmrest/coses/00000065-0c05-4000-8000-000000000001</URI>\
         <ObjectId>00000065-0c05-4000-8000-000000000001</ObjectId><AccessFaxMail>false</AccessFaxMail>\
         <AccessTts>false</AccessTts><CallHoldAvailable>false</CallHoldAvailable>\
         <CallScreenAvailable>false</CallScreenAvailable><CanRecordName>true</CanRecordName>\
         <FaxRestrictionObjectId>00000000-fa00-4000-8000-000000000001</FaxRestrictionObjectId>\
         <ListInDirectoryStatus>true</ListInDirectoryStatus>\
         <LocationObjectId>00000000-10ca-4000-8000-000000000001</LocationObjectId>\
         <LocationURI>/vmrest/locations/connectionlocations/00000000-10ca-4000-8000-000000000001</LocationURI>\
         <MaxGreetingLength>90</MaxGreetingLength><MaxMsgLength>300</MaxMsgLength><MaxNameLength>30</MaxNameLength>\
         <MaxPrivateDlists>25</MaxPrivateDlists><MovetoDeleteFolder>true</MovetoDeleteFolder>\
         <OutcallRestrictionObjectId>00000000-fa00-4000-8000-000000000002</OutcallRestrictionObjectId>\
         <PersonalAdministrator>true</PersonalAdministrator><DisplayName>Voice Mail User COS</DisplayName>\
         <XferRestrictionObjectId>00000000-fa00-4000-8000-000000000003</XferRestrictionObjectId>\
         <Undeletable>true</Undeletable><WarnIntervalMsgEnd>0</WarnIntervalMsgEnd>\
         <CanSendToPublicDl>true</CanSendToPublicDl><EnableEnhancedSecurity>false</EnableEnhancedSecurity>\
         <AccessVmi>false</AccessVmi><AccessLiveReply>false</AccessLiveReply>\
         <UaAlternateExtensionAccess>3</UaAlternateExtensionAccess>\
         <AccessCallRoutingRules>false</AccessCallRoutingRules><WarnMinMsgLength>0</WarnMinMsgLength>\
         <SendBroadcastMessage>false</SendBroadcastMessage><UpdateBroadcastMessage>false</UpdateBroadcastMessage>\
         <AccessVui>false</AccessVui><ImapCanFetchMessageBody>true</ImapCanFetchMessageBody>\
         <ImapCanFetchPrivateMessageBody>false</ImapCanFetchPrivateMessageBody><MaxMembersPVL>99</MaxMembersPVL>\
         <AccessIMAP>false</AccessIMAP><ReadOnly>false</ReadOnly>\
         <AccessAdvancedUserFeatures>false</AccessAdvancedUserFeatures><AccessAdvancedUser>false</AccessAdvancedUser>\
         <AccessUnifiedClient>false</AccessUnifiedClient><RequireSecureMessages>4</RequireSecureMessages>\
         <AccessOutsideLiveReply>false</AccessOutsideLiveReply><AccessSTT>false</AccessSTT>\
         <EnableSTTSecureMessage>0</EnableSTTSecureMessage><MessagePlaybackRestriction>0</MessagePlaybackRestriction>\
         <SttType>1</SttType></Cos>"
    );
}

#[actix_web::test]
async fn fung_has_every_right_and_otto_none() {
    let simulator = start();
    let rights = [
        "CanRecordName",
        "ListInDirectoryStatus",
        "CallHoldAvailable",
        "CallScreenAvailable",
        "AccessCallRoutingRules",
    ];

    for (alias, has, [extensions, lists, greeting, name]) in
        [("fung", true, [3, 25, 90, 30]), ("otto", false, [1, 1, 1, 1])]
    {
        let cos = get(&simulator, alias, "/vmrest/user/cos").await;

        for right in rights {
            assert!(cos.contains(&format!("<{right}>{has}</{right}>")), "{alias}: {right}");
        }
        for (element, number) in [
            ("UaAlternateExtensionAccess", extensions),
            ("MaxPrivateDlists", lists),
            ("MaxMembersPVL", 99),
            ("MaxGreetingLength", greeting),
            ("MaxNameLength", name),
        ] {
            assert!(
                cos.contains(&format!("<{element}>{number}</{element}>")),
                "{alias}: {element}"
            );
        }
    }
}

#[actix_web::test]
async fn location_and_system_configuration_are_the_servers() {
    let simulator = start();

    for alias in ["fung", "otto"] {
        assert_eq!(
            get(&simulator, alias, "/vmrest/user/location").await,
            "<ConnectionLocation><DefaultWaveFormatObjectId>00000000-3a7e-4000-8000-000000000001</DefaultWaveFormatObjectId>\
             <DefaultWaveFormatURI>/vmrest/waveformats/00000000-3a7e-4000-8000-000000000001</DefaultWaveFormatURI>\
             <DisplayName>vm1</DisplayName></ConnectionLocation>"
        );
        assert_eq!(
            get(&simulator, alias, "/vmrest/systemconfiguration").await,
            "<SystemConfiguration><SecureMessageHeaders>true</SecureMessageHeaders>\
             <SecureMessageAttachmentDownload>false</SecureMessageAttachmentDownload>\
             <RecordingMaxLength>1200000</RecordingMaxLength><DisableCopyVoiceMessage>false</DisableCopyVoiceMessage>\
             <ConfirmDeleteMessage>1</ConfirmDeleteMessage></SystemConfiguration>"
        );
    }
}

#[actix_web::test]
async fn proxy_addresses_are_listed_and_read() {
    let simulator = start();
    let proxy = |number, address: &str| {
        let id = format!("00000064-9a0c-4000-8000-{number:012}");
        format!(
            "<SmtpProxyAddress><URI>{PROXIES}/{id}</URI><ObjectId>{id}</ObjectId>\
             <SmtpAddress>{address}</SmtpAddress></SmtpProxyAddress>"
        )
    };
    let proxies = [proxy(1, "fung@old.example.org"), proxy(2, "f.lee@example.com")];

    let list = get(&simulator, "fung", PROXIES).await;
    let single =
        get(&simulator, "fung", &format!("{PROXIES}/00000064-9a0c-4000-8000-000000000002")).await;

    assert_eq!(list, format!("<SmtpProxyAddresses>{}</SmtpProxyAddresses>", proxies.concat()));
    assert_eq!(single, proxies[1]);
    assert_eq!(get(&simulator, "nadia", PROXIES).await, "<SmtpProxyAddresses/>");
}

#[actix_web::test]
async fn none_of_them_is_written() {
    let simulator = start();
    let proxy = format!("{PROXIES}/00000064-9a0c-4000-8000-000000000002");

    for path in [
        "/vmrest/user/cos",
        "/vmrest/user/location",
        "/vmrest/systemconfiguration",
        PROXIES,
        &proxy,
        "/vmrest/version",
    ] {
        for method in ["PUT", "POST", "DELETE"] {
            let refused = send(&simulator, "fung", [method, path, ""]).await;
            assert_refused(&refused, 405, "METHOD_NOT_ALLOWED");
            assert_eq!(refused.header("allow"), Some("GET"));
        }
    }
}

#[actix_web::test]
async fn the_version_needs_a_sign_in_unless_it_is_open() {
    let simulator = start();
    let url = format!("{}/vmrest/version", simulator.url());

    assert_eq!(
        get(&simulator, "fung", "/vmrest/version").await,
        "<VersionInformation><name>vmrest</name><version>12.5.1.0-7</version></VersionInformation>"
    );
    assert!(
        get(&simulator, "fung", "/vmrest/version/product/")
            .await
            .contains("<version>12.5.1.10000-22<")
    );
    assert_eq!(ask("GET", &url, &[], b"").await.status, 401);
    set(&simulator, &[("version", "open")]);
    let open = ask("GET", &url, &[], b"").await;
    assert_eq!((open.status, open.header("set-cookie")), (200, None));
    assert_eq!(ask("GET", &format!("{}/vmrest/user", simulator.url()), &[], b"").await.status, 401);
    // With wrong credentials nobody is signed in either, and nothing is counted.
    assert_eq!(ask("GET", &url, &[("authorization", "Basic ZnVuZzp4")], b"").await.status, 200);
    assert_eq!(simulator.failed_sign_ins("fung"), 0);
}
