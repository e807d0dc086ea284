//! The time that a document takes grows with its length and with nothing else, whatever it is made of.

use std::hint::black_box;
use std::time::{Duration, Instant};

use super::super::{Object, list, object};

/// Documents by what they are made of: what comes before, what is repeated, what comes after.
const SHAPES: [[&str; 3]; 41] = [
    // Values.
    ["<O><A>", "&#32; ", "</A></O>"],
    ["<O><A>", "&#32;", "</A></O>"],
    ["<O><A>a", "&#32;", "</A></O>"],
    ["<O><A>", "&#11;&amp;", "</A></O>"],
    ["<O><A>", "&#55357;&#56832;", "</A></O>"],
    ["<O><A>", "&#55357;", "</A></O>"],
    ["<O><A>", "&#55357;", "&#</A></O>"],
    ["<O><A>&#", "0", "65;</A></O>"],
    ["<O><A>&#", "9", ";</A></O>"],
    ["<O><A>", " ", "</A></O>"],
    ["<O><A>", "\r\n", "a</A></O>"],
    ["<O><A>", "é", "</A></O>"],
    ["<O><A>", "\u{1}", "</A></O>"],
    ["<O><A>", "\u{ffff} ", "</A></O>"],
    ["<O><A>", ">", "</A></O>"],
    ["<O><A>", "> <!---->", "</A></O>"],
    ["<O><A>", " <!-- -->", "</A></O>"],
    ["<O><A>", "\t<?p?>", "</A></O>"],
    ["<O><A>", " <![CDATA[ ]]>", "</A></O>"],
    ["<O><A>", "<![CDATA[a]]>", "</A></O>"],
    ["<O><A><![CDATA[", "]]", "]]></A></O>"],
    ["<O><A>", " <b/>", "</A></O>"],
    ["<O><A>", "a<b> </b>\r", "</A></O>"],
    ["<O><A>", "<b><c><d/></c></b> ", "</A></O>"],
    // Elements.
    ["<O>", "<a/>", "</O>"],
    ["<O>", "<n:a>a</n:a>", "</O>"],
    ["<O>", " a&lt;", "</O>"],
    ["<O>", "<A> a </A>\u{b}", "</O>"],
    ["<O><", "a", "/></O>"],
    ["<O><", "a:", "/></O>"],
    ["<O><A", " a='b'", "/></O>"],
    ["<O><A a=\"", "'>", "\"/></O>"],
    ["<O xmlns='", "n", "'/>"],
    ["<O>", "<a>", "</O>"],
    // What never ends, and what is beside the root.
    ["<O><!--", "- >", "-->"],
    ["<O>", "<A ", "</O>"],
    ["<O>&", "a", "</O>"],
    ["<?p ", "?", "?><O/>"],
    ["<!DOCTYPE O [", "<!ENTITY a 'a'>", "]><O/>"],
    ["", " <!-- -->", "<O/>"],
    ["<O/>", " <?p?>", ""],
];

/// The time that so many bytes of a shape take to read as an object and as a list.
fn time([before, repeated, after]: [&str; 3], length: usize) -> Duration {
    let document = format!("{before}{}{after}", repeated.repeat(length / repeated.len()));
    let asked = || Object::new(vec!["A"]);
    let begun = Instant::now();
    // Whether it is a document does not count here.
    let _ = black_box(object(document.as_bytes(), "O", asked()));
    if let Ok(mut objects) = list(document.as_bytes(), ["O", "L"], asked()) {
        while let Ok(Some(object)) = objects.advance() {
            black_box(object);
        }
    }
    begun.elapsed()
}

#[test]
fn four_times_the_length_takes_four_times_as_long() {
    const LENGTH: usize = 8_000;
    // Where time grows with the square, it is sixteen times as long. Other work on the machine can make one measurement
    // too long, not every one.
    const ATTEMPTS: usize = 50;

    for shape in SHAPES {
        let ratios = (0..ATTEMPTS).map(|_| {
            let short = time(shape, LENGTH).max(Duration::from_micros(50));
            time(shape, 4 * LENGTH).as_secs_f64() / short.as_secs_f64()
        });
        assert!(ratios.into_iter().any(|ratio| ratio < 8.0), "{shape:?}");
    }
}
