use std::borrow::Cow;

use proptest::prelude::*;

use super::{Fault, Object, list};
use crate::object_id::ObjectId;

mod time;

const ID: &str = "75436abf-8784-450f-ac61-23a08be2c364";

/// The object `O`, with the elements that tests ask for.
fn object(body: &[u8]) -> Result<Object<'_>, Fault> {
    super::object(body, "O", Object::new(vec!["A", "ObjectId"]))
}

/// The text of the element `A` in an object that holds this XML.
fn text(xml: &str) -> Result<String, Fault> {
    let document = format!("<O>{xml}</O>");
    let object = object(document.as_bytes())?;
    object.text("A").map(ToString::to_string)
}

/// How many objects `I` the list `L` holds.
fn count(body: &[u8]) -> Result<usize, Fault> {
    let mut objects = list(body, ["I", "L"], Object::new(vec![]))?;
    let mut count = 0;
    while objects.advance()?.is_some() {
        count += 1;
    }
    Ok(count)
}

#[test]
fn text_is_read_as_it_was_meant() {
    let cases = [
        ("<A>a</A>", Ok("a")),
        ("<A/>", Ok("")),
        ("<A />", Ok("")),
        ("<A></A>", Ok("")),
        ("<A> a b\t</A>", Ok("a b")),
        ("<A>\u{a0}a\u{a0}</A>", Ok("\u{a0}a\u{a0}")),
        ("<A>a&amp;&lt;&gt;&quot;&apos;&#x41;</A>", Ok("a&<>\"'A")),
        ("<A><![CDATA[<a>&amp;]]></A>", Ok("<a>&amp;")),
        ("<A>a<!-- - -->b<?p?>c<![CDATA[d]]>e</A>", Ok("abcde")),
        ("<A>a<B>b<C>c</C></B>d</A>", Ok("ad")),
        ("<A>a\r\nb\rc</A>", Ok("a\nb\nc")),
        ("<A>a&#13;b</A>", Ok("a\rb")),
        ("<A>&#32;a&#32;</A>", Ok("a")),
        ("<n:A>a</n:A>", Ok("a")),
        ("<B>b</B><A>a</A>", Ok("a")),
        ("<A>first</A><A>second</A>", Ok("first")),
        ("", Err(Fault::Missing("A"))),
        ("<a>a</a>", Err(Fault::Missing("A"))),
        ("<B><A>a</A></B>", Err(Fault::Missing("A"))),
        ("<A>&x;</A>", Err(Fault::NotXml)),
        ("<A>&#;</A>", Err(Fault::NotXml)),
        ("<A>&#x;</A>", Err(Fault::NotXml)),
        ("<A>&#X41;</A>", Err(Fault::NotXml)),
        ("<A>&#+65;</A>", Err(Fault::NotXml)),
        ("<A>&#-1;</A>", Err(Fault::NotXml)),
        ("<A>&#4g;</A>", Err(Fault::NotXml)),
        ("<A>&# 65;</A>", Err(Fault::NotXml)),
        ("<A>&#65</A>", Err(Fault::NotXml)),
        ("<A>&</A>", Err(Fault::NotXml)),
        ("<A></B>", Err(Fault::NotXml)),
    ];
    for (xml, expected) in cases {
        assert_eq!(text(xml), expected.map(str::to_owned), "{xml}");
    }
}

#[test]
fn an_element_reads_the_same_however_its_tags_are_printed() {
    let values = [
        "",
        " ",
        "a",
        " a b\t",
        "\na\n",
        ">a",
        "> a",
        " >>a",
        "a>b",
        "\u{a0}a",
        "\u{e9}\u{10000}",
        "a]]>b",
        "a&amp;b",
        "a\r\nb",
        "a\u{1}b",
        "a<!-- b -->",
        "a<B>b</B>c",
        "<A>a</A>",
        "a</B>",
        "a",
        "&x;",
        "<",
    ];
    for value in values {
        let plain = text(&format!("<A>{value}</A>"));
        for odd in [
            format!("<A >{value}</A>"),
            format!("<A x=\"y\">{value}</A>"),
            format!("<A>{value}</A >"),
            format!("<n:A>{value}</n:A>"),
            format!(" \r\n<A>{value}</A>"),
            format!("x<A>{value}</A>"),
            format!("<B/><A>{value}</A>"),
            format!("<B>b</B>&amp;<A>{value}</A><A>c</A>"),
            format!("<!-- c --><A>{value}</A>\n"),
        ] {
            assert_eq!(text(&odd), plain, "{odd:?}");
        }
    }
}

#[test]
fn what_xml_excludes_hides_no_value() {
    let cases = [
        ("<A>a\0b</A>", "a\u{fffd}b"),
        ("<A>\u{1}\u{b}\u{1f}</A>", "\u{fffd}\u{fffd}\u{fffd}"),
        ("<A>\u{7f}\u{85}\u{1fffe}</A>", "\u{7f}\u{85}\u{1fffe}"),
        ("<A>a\u{fffe}é\u{ffff}</A>", "a\u{fffd}é\u{fffd}"),
        ("<A><![CDATA[\u{8}]]></A>", "\u{fffd}"),
        ("<A> >\u{c} </A>", "\u{fffd}"),
        ("<A>\r\n>\u{1}\r\nb\r</A>", "\u{fffd}\nb"),
        ("<A>&#0;&#11;&#x1F;</A>", "\u{fffd}\u{fffd}\u{fffd}"),
        ("<A>&#65534;&#xffff;</A>", "\u{fffd}\u{fffd}"),
        ("<A>&#x110000;&#99999999999999999999;</A>", "\u{fffd}\u{fffd}"),
        ("<A>&#55357;&#56832;</A>", "😀"),
        ("<A>a&#xD83D;&#56832;&#55357;&#xde00;b</A>", "a😀😀b"),
        ("<A>&#55357;</A>", "\u{fffd}"),
        ("<A>&#56832;</A>", "\u{fffd}"),
        ("<A>&#56832;&#55357;</A>", "\u{fffd}\u{fffd}"),
        ("<A>&#55357;&#55357;&#56832;</A>", "\u{fffd}😀"),
        ("<A>&#55357;&#65;</A>", "\u{fffd}A"),
        ("<A>&#55357; &#56832;</A>", "\u{fffd} \u{fffd}"),
        ("<A>&#55357;&amp;</A>", "\u{fffd}&"),
        ("<A>&#65;&#56832;</A>", "A\u{fffd}"),
        ("<A>&#x1F600;</A>", "😀"),
        ("<B>\u{1}</B><A>a</A>\u{1}", "a"),
    ];
    for (xml, expected) in cases {
        assert_eq!(text(xml).as_deref(), Ok(expected), "{xml}");
    }
    for xml in [
        "<A>&#55357;&#;</A>",
        "<A>&#55357;&#56832</A>",
        "<A\u{1}>a</A>",
        "<A>a</A\u{1}>",
        "<\u{1}/><A>a</A>",
        "<B b='\0'/><A>a</A>",
        "<A>a<!-- \u{1} --></A>",
        "<A>a<?p \u{fffe}?></A>",
    ] {
        assert_eq!(text(xml), Err(Fault::NotXml), "{xml}");
    }
}

#[test]
fn only_a_literal_greater_than_before_a_value_is_stray() {
    let cases = [
        ("<A>>a</A>", "a"),
        ("<A>> a</A>", "a"),
        ("<A> \n>a</A>", "a"),
        ("<A><!-- c -->>a</A>", "a"),
        ("<A>>&amp;a</A>", "&a"),
        ("<A>><![CDATA[>a]]></A>", ">a"),
        ("<A>>>a</A>", ">a"),
        ("<A>a>b></A>", "a>b>"),
        ("<A>&gt;a</A>", ">a"),
        ("<A>&gt;>a</A>", ">>a"),
        ("<A>&#x3e;a</A>", ">a"),
        ("<A><![CDATA[>a]]></A>", ">a"),
        ("<A><![CDATA[a]]>>b</A>", "a>b"),
    ];
    for (xml, expected) in cases {
        assert_eq!(text(xml).as_deref(), Ok(expected), "{xml}");
    }
}

#[test]
fn flags_are_yes_or_no_in_every_spelling() {
    let flag = |xml: &str| object(xml.as_bytes())?.flag("A");
    let cases = [
        ("true", Ok(true)),
        ("TRUE", Ok(true)),
        ("True", Ok(true)),
        ("1", Ok(true)),
        ("false", Ok(false)),
        ("False", Ok(false)),
        ("0", Ok(false)),
        (" true ", Ok(true)),
        (">false", Ok(false)),
        ("", Err(Fault::NotAFlag("A"))),
        ("yes", Err(Fault::NotAFlag("A"))),
        ("10", Err(Fault::NotAFlag("A"))),
        ("tru", Err(Fault::NotAFlag("A"))),
        ("ｔｒｕｅ", Err(Fault::NotAFlag("A"))),
    ];
    for (text, expected) in cases {
        assert_eq!(flag(&format!("<O><A>{text}</A></O>")), expected, "{text}");
    }
    assert_eq!(flag("<O/>"), Err(Fault::Missing("A")));
}

#[test]
fn an_object_id_has_one_spelling_in_any_case() {
    for text in [ID, &ID.to_uppercase(), "75436ABF-8784-450f-ac61-23A08be2c364"] {
        let id = ObjectId::parse(text).unwrap();
        assert_eq!(id.to_string(), ID);
        assert_eq!(serde_json::to_string(&id).unwrap(), format!("\"{ID}\""));
    }
    for text in [
        "",
        "x",
        "75436abf8784450fac6123a08be2c364",
        "{75436abf-8784-450f-ac61-23a08be2c364}",
        "urn:uuid:75436abf-8784-450f-ac61-23a08be2c364",
        "75436abf-8784-450f-ac61-23a08be2c36",
        "75436abf-8784-450f-ac61-23a08be2c3644",
        "75436abf-8784-450f-ac61-23a08be2c36g",
        "75436abf87-84-450f-ac61-23a08be2c364",
        "75436abf-8784-450f-ac61_23a08be2c364",
        "75436abf-8784-450f-ac61-23a08be2cé4",
        " 75436abf-8784-450f-ac61-23a08be2c36",
    ] {
        assert_eq!(ObjectId::parse(text), None, "{text}");
    }
}

#[test]
fn nothing_is_kept_of_elements_that_nobody_asks_for() {
    let others = "<B>b</B>".repeat(1_000);
    let document = format!("<O>{others}<A>a</A><A>{others}</A></O>");

    let object = object(document.as_bytes()).unwrap();

    assert_eq!((object.elements.len(), object.texts.len()), (2, 2));
    assert_eq!(object.text("A").as_deref(), Ok(&Cow::Borrowed("a")));
    assert_eq!(object.optional("B"), None);
}

#[test]
fn a_list_holds_its_items_alone() {
    let cases = [
        ("<L/>", Ok(0)),
        ("<L></L>", Ok(0)),
        ("<L><I/></L>", Ok(1)),
        ("<L><I/>text<X><I/></X><!-- <I/> --><I></I></L>", Ok(2)),
        ("<I/>", Ok(1)),
        ("<n:L><n:I/></n:L>", Ok(1)),
        ("<l/>", Err(Fault::WrongRoot("L"))),
        ("<X><L/></X>", Err(Fault::WrongRoot("L"))),
        ("", Err(Fault::NotXml)),
        ("<L/><L/>", Err(Fault::NotXml)),
        ("<L/>x", Err(Fault::NotXml)),
        ("x<L/>", Err(Fault::NotXml)),
        ("<L>", Err(Fault::CutOff)),
        ("<L><I>", Err(Fault::CutOff)),
        ("<L></I>", Err(Fault::NotXml)),
        ("</L>", Err(Fault::NotXml)),
        ("<!DOCTYPE L><L/>", Err(Fault::DocumentType)),
        ("<L><!DOCTYPE L></L>", Err(Fault::DocumentType)),
        ("<?xml version='1.0' encoding='UTF-8'?><L/>", Ok(0)),
        ("<?xml version='1.0' encoding='utf-16'?><L/>", Err(Fault::NotUtf8)),
        ("<L><?xml version='1.0'?></L>", Err(Fault::NotXml)),
        ("\u{feff}<L/>", Ok(0)),
        ("\u{feff}\u{feff}<L/>", Err(Fault::NotXml)),
        ("\u{1}<L/>", Err(Fault::NotXml)),
        ("<L/>\0", Err(Fault::NotXml)),
        ("<L/>&#11;", Err(Fault::NotXml)),
    ];
    for (xml, expected) in cases {
        assert_eq!(count(xml.as_bytes()), expected, "{xml}");
    }
}

#[test]
fn a_list_is_no_object() {
    assert_eq!(object(b"<L><O/></L>").unwrap_err(), Fault::WrongRoot("O"));
}

#[test]
fn bytes_that_are_not_utf_8_are_told() {
    for body in [b"<L>\xff</L>".as_slice(), b"\xff\xfe<\0L\0", b"<L>\xed\xa0\x80</L>"] {
        assert_eq!(count(body), Err(Fault::NotUtf8));
    }
}

#[test]
fn elements_may_lie_64_deep() {
    let nested = |depth: usize| {
        let inner = depth - 1;
        format!("<L>{}{}</L>", "<a>".repeat(inner), "</a>".repeat(inner))
    };

    assert_eq!(count(nested(64).as_bytes()), Ok(0));
    assert_eq!(count(nested(65).as_bytes()), Err(Fault::TooDeep));
    assert_eq!(count(nested(1_000_000).as_bytes()), Err(Fault::TooDeep));
}

#[test]
fn no_prefix_of_a_document_is_a_document() {
    let whole = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><L a='b'><I><A>é &amp;<![CDATA[x]]></A><!-- c --><ObjectId>{ID}</ObjectId></I></L>"
    );
    for length in 0..whole.len() {
        let cut = &whole.as_bytes()[..length];
        assert!(count(cut).is_err(), "{length}");
    }
    assert_eq!(count(whole.as_bytes()), Ok(1));
}

#[test]
fn no_fault_quotes_the_document() {
    let secret = "winter-2010";
    for xml in [
        format!("<{secret}/>"),
        format!("<O><A>{secret}</A><ObjectId>{secret}</ObjectId></O>"),
        format!("<O>&{secret};</O>"),
        format!("<O {secret}"),
        secret.to_owned(),
    ] {
        let faults = [
            object(xml.as_bytes()).err(),
            object(xml.as_bytes()).ok().and_then(|object| object.flag("A").err()),
            object(xml.as_bytes()).ok().and_then(|object| object.flag("ObjectId").err()),
        ];
        for fault in faults.into_iter().flatten() {
            assert!(!format!("{fault} {fault:?}").contains(secret));
        }
    }
}

/// The texts of all objects `I` in the list `L`.
fn texts(body: &str) -> Result<Vec<Option<String>>, Fault> {
    let mut objects = list(body.as_bytes(), ["I", "L"], Object::new(vec!["A"]))?;
    let mut texts = Vec::new();
    while let Some(object) = objects.advance()? {
        texts.push(object.get(0).map(ToString::to_string));
    }
    Ok(texts)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 20_000, ..ProptestConfig::default() })]

    /// A carriage return at the end has every tag read by quick-xml, not by its place.
    #[test]
    fn tags_read_by_their_place_are_read_as_quick_xml_reads_them(pieces in proptest::collection::vec(
        proptest::sample::select(vec![
            "<I>", "</I>", "<A>", "</A>", "<A>a</A>", "<A>a</A>", "</I><I>", "<B>", "</B>", "<B>b</B>", "<A/>", "<I/>",
            "a", " ", ">", "\n ", "&amp;", "&x;", "<![CDATA[<A>]]>", "<!-- <A> -->", "<?p <A>?>", "<n:A>a</n:A>",
            "<A x='1'>", "</A >", "< A>", "<A >", "</ A>", "<>", "</>", "<L>", "</L>", "<", "]]>", "é",
        ]),
        0..9,
    )) {
        let document = format!("<L>{}</L>", pieces.concat());
        prop_assert_eq!(texts(&document), texts(&format!("{document}\r")));
        let object = format!("<L><I>{}</I></L>", pieces.concat());
        prop_assert_eq!(texts(&object), texts(&format!("{object}\r")));
    }
}
