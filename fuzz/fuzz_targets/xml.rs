//! Whatever bytes come as a document, they are read whole or refused: nothing panics, and nothing
//! is half read.

#![no_main]

use cupi_gateway::resources::{accounts, alternate_devices};
use cupi_gateway::xml;
use libfuzzer_sys::fuzz_target;

const BOM: &[u8] = b"\xef\xbb\xbf";

fuzz_target!(|body: &[u8]| {
    for translate in [accounts::translate_list, alternate_devices::translate_list] {
        let Ok(json) = translate(body) else {
            continue;
        };
        let list: serde_json::Value = serde_json::from_slice(&json).expect("JSON");
        let items = list["items"].as_array().expect("a list");
        assert_eq!(list["total"], items.len());

        // What does not count changes nothing.
        assert_eq!(translate(&[body, b" \n<!-- end -->"].concat()).as_ref(), Ok(&json));
        if !body.starts_with(BOM) {
            assert_eq!(translate(&[BOM, body].concat()).as_ref(), Ok(&json));
        }
        // What is too much or too little is refused.
        for more in ["<x/>", "x", "<![CDATA[x]]>", "<!DOCTYPE x>", "&amp;"] {
            assert!(translate(&[body, more.as_bytes()].concat()).is_err(), "{more}");
        }
        let cut = body.trim_ascii_end().split_last().expect("a root").1;
        assert!(translate(cut).is_err(), "a document that is cut off");
    }

    let Ok(device) = xml::object(body, "AlternateDevice") else {
        return;
    };
    // What was read can be written and is read as the same.
    let names = ["DisplayName", "DtmfAccessId", "ObjectId"];
    let elements = names.map(|name| (name, device.optional(name).map(ToString::to_string)));
    let written = xml::write("AlternateDevice", &elements);
    let again = xml::object(written.as_bytes(), "AlternateDevice").expect("our own document");
    for (name, text) in elements {
        let text = text.as_deref();
        assert!(text.is_none_or(xml::can_carry), "{name}");
        assert_eq!(again.optional(name).map(|text| &**text), text, "{name}");
    }
});
