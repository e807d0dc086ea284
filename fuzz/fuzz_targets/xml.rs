//! Whatever bytes come as a document, they are read whole or refused: nothing panics, and nothing
//! is half read.

#![no_main]

use std::time::UNIX_EPOCH;

use cupi_gateway::resources::TABLES;
use cupi_gateway::table::address::Address;
use cupi_gateway::xml::{self, Object};
use libfuzzer_sys::fuzz_target;

const BOM: &[u8] = b"\xef\xbb\xbf";

fuzz_target!(|body: &[u8]| {
    for table in TABLES.iter().filter(|table| !table.elements.contains(&"")) {
        let address = Address::new(table, "", &[]);
        let translate = |body: &[u8]| table.read_list(body, &address, UNIX_EPOCH);
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

    let names = vec!["DisplayName", "DtmfAccessId", "ObjectId"];
    let read = |body| xml::object(body, "AlternateDevice", Object::new(names.clone()));
    let Ok(device) = read(body) else {
        return;
    };
    // What was read can be written and is read as the same.
    let text = |name: &&'static str| Some((*name, device.optional(name)?.to_string()));
    let elements: Vec<_> = names.iter().filter_map(text).collect();
    let written = xml::write("AlternateDevice", &elements);
    let again = xml::object(written.as_bytes(), "AlternateDevice", Object::new(names.clone()));
    let again = again.expect("our own document");
    for (name, text) in &elements {
        assert!(xml::can_carry(text), "{name}");
        assert_eq!(again.optional(name).map(|text| &**text), Some(text.as_str()), "{name}");
    }
});
