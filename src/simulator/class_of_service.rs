//! The elements of a class of service, as the guide's sample prints them.

use super::collection::Kind::{Flag, Id, Number, Text, Uri};
use super::collection::{Element, read};

/// Any number.
const ANY: super::collection::Kind = Number(0, u32::MAX);

/// The elements of `Cos`.
pub const COS: &[Element] = &[
    read("URI", Uri("/vmrest/coses/{ObjectId}")),
    read("ObjectId", Id),
    read("AccessFaxMail", Flag),
    read("AccessTts", Flag),
    read("CallHoldAvailable", Flag),
    read("CallScreenAvailable", Flag),
    read("CanRecordName", Flag),
    read("FaxRestrictionObjectId", Id),
    read("ListInDirectoryStatus", Flag),
    read("LocationObjectId", Id),
    read("LocationURI", Uri("/vmrest/locations/connectionlocations/{LocationObjectId}")),
    read("MaxGreetingLength", ANY),
    read("MaxMsgLength", ANY),
    read("MaxNameLength", ANY),
    read("MaxPrivateDlists", ANY),
    read("MovetoDeleteFolder", Flag),
    read("OutcallRestrictionObjectId", Id),
    read("PersonalAdministrator", Flag),
    read("DisplayName", Text(64)),
    read("XferRestrictionObjectId", Id),
    read("Undeletable", Flag),
    read("WarnIntervalMsgEnd", ANY),
    read("CanSendToPublicDl", Flag),
    read("EnableEnhancedSecurity", Flag),
    read("AccessVmi", Flag),
    read("AccessLiveReply", Flag),
    read("UaAlternateExtensionAccess", ANY),
    read("AccessCallRoutingRules", Flag),
    read("WarnMinMsgLength", ANY),
    read("SendBroadcastMessage", Flag),
    read("UpdateBroadcastMessage", Flag),
    read("AccessVui", Flag),
    read("ImapCanFetchMessageBody", Flag),
    read("ImapCanFetchPrivateMessageBody", Flag),
    read("MaxMembersPVL", ANY),
    read("AccessIMAP", Flag),
    read("ReadOnly", Flag),
    read("AccessAdvancedUserFeatures", Flag),
    read("AccessAdvancedUser", Flag),
    read("AccessUnifiedClient", Flag),
    read("RequireSecureMessages", ANY),
    read("AccessOutsideLiveReply", Flag),
    read("AccessSTT", Flag),
    read("EnableSTTSecureMessage", ANY),
    read("MessagePlaybackRestriction", ANY),
    read("SttType", ANY),
];
