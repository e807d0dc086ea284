//! The list of all collections.
//!
//! One more collection is one entry here, and objects for somebody in `people.xml`. Source: CUPI for End Users, one
//! chapter a collection.

use super::class_of_service::COS;
use super::collection::Kind::{Digits, Flag, GreetingType, Id, Number, Text, Time, Uri};
use super::collection::Shown::{Lists, Never, Permitted, Since2019};
use super::collection::{Collection, Limit, READ_ONLY, read, write};
use super::devices::{HTML, SMTP};

const GET: &[&str] = &["GET"];
const GET_PUT: &[&str] = &["GET", "PUT"];
const GET_POST: &[&str] = &["GET", "POST"];
const ALL: &[&str] = &["GET", "PUT", "DELETE"];

/// The collections that people have objects of.
pub const COLLECTIONS: &[Collection] = &[
    Collection {
        path: "user",
        item: "User",
        key: None,
        elements: &[
            read("FirstName", Text(64)),
            read("LastName", Text(64)),
            read("Alias", Text(64)),
            read("DisplayName", Text(64)),
            read("VoiceFileURI", Uri("/vmrest/user/voicename")),
            write("ListInDirectory", Flag).right("ListInDirectoryStatus"),
            read("DtmfAccessId", Text(40)),
            read("SmtpAddress", Text(320)),
            read("EmailAddress", Text(320)),
        ],
        ..READ_ONLY
    },
    Collection {
        path: "user/externalserviceaccounts",
        root: Some("UserExternalServiceAccounts"),
        item: "UserExternalServiceAccount",
        tag: "00e5",
        elements: &[
            read("URI", Uri("/vmrest/user/externalserviceaccounts/{ObjectId}")).shown(Lists),
            read("IsEnabled", Flag),
            read("UseServiceCredentials", Flag),
            read("LoginType", Number(0, 2)),
            read("UserId", Text(64)),
            read("ObjectId", Id),
            read("DisplayName", Text(64)),
        ],
        methods: [GET, GET_PUT],
        secret: Some(("password", "UseServiceCredentials")),
        ..READ_ONLY
    },
    Collection {
        path: "user/alternatedevices",
        root: Some("AlternateDevices"),
        item: "AlternateDevice",
        tag: "de71",
        total: true,
        elements: &[
            read("URI", Uri("/vmrest/user/alternatedevices/{ObjectId}")).shown(Lists),
            read("ObjectId", Id),
            write("DisplayName", Text(64)),
            write("DtmfAccessId", Text(40)).required(),
            read("UserDefined", Flag),
        ],
        methods: [GET_POST, ALL],
        own: Some(("UserDefined", "userDefined")),
        limit: Limit::Count(5),
        unique: &["DtmfAccessId"],
        ..READ_ONLY
    },
    Collection {
        path: "user/greetings",
        item: "Greeting",
        key: Some("GreetingType"),
        elements: &[
            write("PlayWhat", Number(0, 2)).shown(Since2019),
            write("TimeExpires", Time),
            read("GreetingType", GreetingType),
            read("EnablePersonalVideoRecording", Flag).shown(Since2019),
            read("PlayRecordVideoMessagePrompt", Flag).shown(Since2019),
            write("Enabled", Flag).shown(Never),
        ],
        methods: [GET, GET_PUT],
        always_enabled: &["Standard", "Error"],
        ..READ_ONLY
    },
    Collection {
        path: "user/transferoptions",
        item: "TransferOption",
        key: Some("TransferOptionType"),
        elements: &[
            read("TransferOptionType", Text(64)),
            write("Action", Number(0, 1)),
            write("Extension", Digits(40)),
            write("TimeExpires", Time),
            write("TransferRings", Number(2, 20)),
            write("TransferType", Number(0, 1)),
            write("UsePrimaryExtension", Flag),
            write("PersonalCallTransfer", Flag),
            write("TransferHoldingMode", Number(0, 2)).right("CallHoldAvailable").shown(Permitted),
            write("TransferAnnounce", Flag).right("CallScreenAvailable").shown(Permitted),
            write("TransferConfirm", Flag).right("CallScreenAvailable").shown(Permitted),
            write("TransferIntroduce", Flag).right("CallScreenAvailable").shown(Permitted),
            write("TransferScreening", Flag).right("CallScreenAvailable").shown(Permitted),
            write("Enabled", Flag).shown(Never),
        ],
        methods: [GET, GET_PUT],
        always_enabled: &["Standard"],
        ..READ_ONLY
    },
    Collection {
        path: "user/privatelists",
        root: Some("PrivateLists"),
        item: "PrivateList",
        tag: "115a",
        elements: &[
            read("URI", Uri("/vmrest/user/privatelists/{ObjectId}")),
            read("ObjectId", Id),
            write("DisplayName", Text(64)).required(),
            write("NumericId", Number(1, 99)),
            read(
                "PrivateListMembersURI",
                Uri("/vmrest/user/privatelists/{ObjectId}/privatelistmembers"),
            ),
        ],
        methods: [GET_POST, ALL],
        limit: Limit::Cos("MaxPrivateDlists"),
        unique: &["DisplayName", "NumericId"],
        ..READ_ONLY
    },
    Collection {
        path: "user/privatelists/{}/privatelistmembers",
        root: Some("PrivateListMembers"),
        item: "PrivateListMember",
        tag: "3e3b",
        total: true,
        elements: &[
            read(
                "URI",
                Uri(
                    "/vmrest/user/privatelists/{PersonalVoiceMailListObjectId}/privatelistmembers/{ObjectId}",
                ),
            ),
            read("PersonalVoiceMailListObjectId", Id),
            read(
                "PrivateListURI",
                Uri("/vmrest/user/privatelists/{PersonalVoiceMailListObjectId}"),
            ),
            write("MemberSubscriberObjectId", Id),
            read("MemberUserURI", Uri("/vmrest/users/{MemberSubscriberObjectId}")),
            write("MemberDistributionListObjectId", Id),
            read(
                "MemberDistributionListURI",
                Uri("/vmrest/distributionlists/{MemberDistributionListObjectId}"),
            ),
            write("MemberPersonalVoiceMailListObjectId", Id),
            read(
                "MemberPrivateListURI",
                Uri("/vmrest/user/privatelists/{MemberPersonalVoiceMailListObjectId}"),
            ),
            read("ObjectId", Id),
            write("MemberContactObjectId", Id),
            read("MemberContactURI", Uri("/vmrest/contacts/{MemberContactObjectId}")),
            read("Alias", Text(64)),
            read("DisplayName", Text(64)),
            read("Extension", Text(40)),
        ],
        methods: [GET_POST, &["DELETE"]],
        limit: Limit::Cos("MaxMembersPVL"),
        ..READ_ONLY
    },
    Collection {
        path: "user/notificationdevices/htmldevices",
        root: Some("HtmlDevices"),
        item: "HtmlDevice",
        tag: "471d",
        elements: HTML,
        methods: [GET, GET_PUT],
        ..READ_ONLY
    },
    Collection {
        path: "user/notificationdevices/smtpdevices",
        root: Some("SmtpDevices"),
        item: "SmtpDevice",
        tag: "537d",
        elements: SMTP,
        methods: [GET, GET_PUT],
        needs: Some(("Active", "SmtpAddress")),
        ..READ_ONLY
    },
    Collection {
        path: "user/cos",
        item: "Cos",
        key: None,
        tag: "0c05",
        elements: COS,
        ..READ_ONLY
    },
    Collection {
        path: "user/smtpproxyaddresses",
        root: Some("SmtpProxyAddresses"),
        item: "SmtpProxyAddress",
        tag: "9a0c",
        elements: &[
            read("URI", Uri("/vmrest/user/smtpproxyaddresses/{ObjectId}")),
            read("ObjectId", Id),
            read("SmtpAddress", Text(320)),
        ],
        ..READ_ONLY
    },
    Collection {
        path: "user/location",
        item: "ConnectionLocation",
        key: None,
        elements: &[
            read("DefaultWaveFormatObjectId", Id),
            read("DefaultWaveFormatURI", Uri("/vmrest/waveformats/{DefaultWaveFormatObjectId}")),
            read("DisplayName", Text(64)),
        ],
        ..READ_ONLY
    },
    Collection {
        path: "systemconfiguration",
        item: "SystemConfiguration",
        key: None,
        elements: &[
            read("SecureMessageHeaders", Flag),
            read("SecureMessageAttachmentDownload", Flag),
            read("RecordingMaxLength", Number(0, 3_600_000)),
            read("DisableCopyVoiceMessage", Flag),
            read("ConfirmDeleteMessage", Number(0, 2)),
        ],
        ..READ_ONLY
    },
];

/// The entries of the directory, which are made for each search.
pub const DIRECTORY: Collection = Collection {
    path: "directory/addressable",
    root: Some("Addresses"),
    item: "Address",
    total: true,
    elements: &[
        read("ObjectId", Id),
        read("Type", Text(64)),
        read("DisplayName", Text(64)),
        read("SmtpAddress", Text(320)),
        read("DtmfAccessId", Text(40)),
    ],
    ..READ_ONLY
};

/// The recordings of a greeting, one for each language that has one.
pub const STREAM_FILES: Collection = Collection {
    path: "user/greetings/{}/greetingstreamfiles",
    root: Some("GreetingStreamFiles"),
    item: "GreetingStreamFile",
    elements: &[read(
        "URI",
        Uri("/vmrest/user/greetings/{GreetingType}/greetingstreamfiles/{LanguageCode}"),
    )],
    ..READ_ONLY
};

/// Finds the collection with this name of an object.
pub fn by_item(item: &str) -> Option<&'static Collection> {
    COLLECTIONS.iter().find(|collection| collection.item == item)
}

/// Finds the collection of this path, which may begin below `user/`.
pub fn by_path(path: &str) -> Option<&'static Collection> {
    let mut collections = COLLECTIONS.iter();
    collections.find(|known| known.path == path || known.path.strip_prefix("user/") == Some(path))
}
