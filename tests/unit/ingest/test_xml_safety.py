"""Hostile and broken XML: each case is refused with its reason and a sentence, or read as it should be."""

from __future__ import annotations

import time

import pytest

from pipelines.core.records import Reason
from pipelines.errors import RejectedInput
from pipelines.ingest import xml_safety
from pipelines.ingest.xml_safety import parse_xml, root_name


def lol_bomb() -> bytes:
    entities = "".join(f'<!ENTITY {chr(98 + i)} "{("&" + chr(97 + i) + ";") * 20}">' for i in range(8))
    return f'<!DOCTYPE l [<!ENTITY a "{"x" * 1000}">{entities}]><l>&i;</l>'.encode()


QUADRATIC = b'<!DOCTYPE l [<!ENTITY a "' + b"x" * 50_000 + b'">]><l>' + b"&a;" * 2_000 + b"</l>"
LATIN_AS_UTF8 = '<?xml version="1.0" encoding="utf-8"?>\n<l>caf\xe9 bar</l>'.encode("latin-1")
UTF8_AS_LATIN = '<?xml version="1.0" encoding="ISO-8859-1"?><l>5 µm</l>'.encode()
UTF8_AS_UTF16 = '<?xml version="1.0" encoding="utf-16"?><l>caf\xe9</l>'.encode()

REFUSED = {
    "empty": (b"", Reason.EMPTY_FILE, "the file is empty"),
    "white space": (b" \n\t", Reason.EMPTY_FILE, "only white space"),
    "text": (b"Service unavailable", Reason.NOT_XML, "begins with 'Service unavailable'"),
    "pdf": (b"%PDF-1.4 ...", Reason.NOT_XML, "a PDF"),
    "zip": (b"PK\x03\x04....", Reason.NOT_XML, "a zip archive"),
    "json": (b'{"error": 1}', Reason.NOT_XML, "JSON"),
    "html": (b"<!DOCTYPE html><html><body><p>busy<br></body></html>", Reason.NOT_XML, "an HTML page"),
    "only NUL bytes": (b"\0" * 4096, Reason.NOT_XML, "only NUL bytes"),
    "NUL inside": (b"<l>a\0b</l>", Reason.NOT_WELL_FORMED, "a NUL byte"),
    "control character": (b"<l>a\x01b</l>", Reason.NOT_WELL_FORMED, "a control character"),
    "mismatched tag": (b"<a>\n<b></a>", Reason.NOT_WELL_FORMED, "line 2, column 8: Opening and ending tag mismatch"),
    "two roots": (b"<a/><b/>", Reason.NOT_WELL_FORMED, "Extra content"),
    "bare &": (b"<l>R & D</l>", Reason.NOT_WELL_FORMED, "a bare & (it must be written &amp;)"),
    "bare & before a word": (b"<l>R&D costs</l>", Reason.NOT_WELL_FORMED, "a bare &"),
    "HTML entity": (b"<l>a&nbsp;b</l>", Reason.NOT_WELL_FORMED, "&nbsp; (an HTML name) is not declared"),
    "unknown entity": (b"<l>a&logo;b</l>", Reason.NOT_WELL_FORMED, "the entity &logo; is not declared"),
    "entity of an unfetched DTD": (
        b'<!DOCTYPE l PUBLIC "-//x" "x.dtd"><l>a&alpha;b</l>', Reason.NOT_WELL_FORMED, "&alpha; (an HTML name)",
    ),
    "truncated in text": (b"<article>\n<p>hello", Reason.NOT_WELL_FORMED, "root element <article> is closed"),
    "truncated in a tag": (b'<article><p x="1', Reason.NOT_WELL_FORMED, "cut short"),
    "truncated in a comment": (b"<article><!-- he", Reason.NOT_WELL_FORMED, "cut short"),
    "only a declaration": (b'<?xml version="1.0"?>\n', Reason.NOT_WELL_FORMED, "before its root element begins"),
    "undeclared element prefix": (b"<a><mml:math/></a>", Reason.UNDECLARED_PREFIX, "line 1: the prefix mml"),
    "undeclared attribute prefix": (b'<a xlink:href="1"/>', Reason.UNDECLARED_PREFIX, "attribute xlink:href of <a>"),
    "undeclared prefix and cut short": (b"<a><x:b/>", Reason.NOT_WELL_FORMED, "cut short"),
    "Latin-1 declared as UTF-8": (LATIN_AS_UTF8, Reason.WRONG_ENCODING, "declares utf-8, but its bytes are not that"),
    "Latin-1 undeclared": (b"<l>caf\xe9 bar</l>", Reason.WRONG_ENCODING, "declares no encoding, so UTF-8 holds"),
    "UTF-8 declared as Latin-1": (UTF8_AS_LATIN, Reason.WRONG_ENCODING, "declares ISO-8859-1, but its bytes are UTF-8"),
    "UTF-8 declared as UTF-16": (UTF8_AS_UTF16, Reason.WRONG_ENCODING, "declares utf-16"),
    "unknown encoding": (b'<?xml version="1.0" encoding="klingon"?><l/>', Reason.WRONG_ENCODING, "klingon is unknown"),
    "billion laughs": (lol_bomb(), Reason.ENTITY_EXPANSION, "an entity bomb"),
    "quadratic bomb": (QUADRATIC, Reason.ENTITY_EXPANSION, "an entity bomb"),
    "entity loop": (b'<!DOCTYPE l [<!ENTITY a "&b;"><!ENTITY b "&a;">]><l>&a;</l>', Reason.ENTITY_EXPANSION, "bomb"),
    "external entity": (
        b'<!DOCTYPE l [<!ENTITY a SYSTEM "file:///etc/passwd">]><l>&a;</l>', Reason.EXTERNAL_ENTITY, "points outside",
    ),
    "external entity in an attribute": (
        b'<!DOCTYPE l [<!ENTITY a SYSTEM "file:///etc/passwd">]><l x="&a;"/>', Reason.EXTERNAL_ENTITY, "not fetched",
    ),
    "external parameter entity": (
        b'<!DOCTYPE l [<!ENTITY % a SYSTEM "http://127.0.0.1/x"> %a;]><l/>', Reason.EXTERNAL_ENTITY, "not fetched",
    ),
    "a name with two prefixes": (b"<a:b:c xmlns:a='x'/>", Reason.NOT_WELL_FORMED, "Failed to parse QName"),
    "10,000 levels": (b"<a>" * 10_000 + b"</a>" * 10_000, Reason.TOO_DEEP, "nested deeper than 256"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_refuses_with_reason_and_words(name: str) -> None:
    data, reason, words = REFUSED[name]
    with pytest.raises(RejectedInput) as caught:
        parse_xml(data)
    assert caught.value.reason is reason
    assert words in caught.value.message
    assert "\n" not in caught.value.message


READ = {
    "UTF-8 with BOM": '<?xml version="1.0" encoding="utf-8"?><l>5 µm</l>'.encode("utf-8-sig"),
    "UTF-16": '<?xml version="1.0" encoding="utf-16"?><l>5 µm</l>'.encode("utf-16"),
    "UTF-16 with a wrong declaration": '<?xml version="1.0" encoding="utf-8"?><l>5 µm</l>'.encode("utf-16"),
    "real Latin-1": '<?xml version="1.0" encoding="iso-8859-1"?><l>5 µm</l>'.encode("latin-1"),
    "declaration not on line 1": '\n\n<?xml version="1.0"?><l>5 µm</l>'.encode(),
    "external DTD, not fetched": '<!DOCTYPE l PUBLIC "-//NLM//DTD" "http://127.0.0.1/x.dtd"><l>5 µm</l>'.encode(),
    "declared harmless entity": '<!DOCTYPE l [<!ENTITY um "µm">]><l>5 &um;</l>'.encode(),
    "declared, unused external entity": '<!DOCTYPE l [<!ENTITY x SYSTEM "x.gif">]><l>5 µm</l>'.encode(),
    "XInclude is not followed": (
        b'<l xmlns:xi="http://www.w3.org/2001/XInclude">5 &#181;m<xi:include href="/etc/passwd"/></l>'
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", READ)
def test_reads(name: str) -> None:
    assert parse_xml(READ[name]).xpath("string()") == "5 µm"


@pytest.mark.parametrize("size", [5_000_000, 12_000_000])
def test_reads_long_text(size: int) -> None:
    root = parse_xml(b"<l>" + b"x" * size + b"</l>")
    assert root.text is not None
    assert len(root.text) == size


def test_long_text_opens_no_way_round_the_depth_limit() -> None:
    with pytest.raises(RejectedInput) as caught:
        parse_xml(b"<l>" + b"x" * 12_000_000 + b"<a>" * 1_000 + b"</a>" * 1_000 + b"</l>")
    assert caught.value.reason is Reason.TOO_DEEP


def test_long_text_and_then_broken() -> None:
    with pytest.raises(RejectedInput, match="cut short") as caught:
        parse_xml(b"<l>" + b"x" * 12_000_000 + b"<a>")
    assert caught.value.reason is Reason.NOT_WELL_FORMED


def test_long_text_with_entities_is_refused() -> None:
    with pytest.raises(RejectedInput) as caught:
        parse_xml(b'<!DOCTYPE l [<!ENTITY a "x">]><l>' + b"x" * 12_000_000 + b"&a;</l>")
    assert caught.value.reason is Reason.TOO_LARGE


def test_refuses_more_than_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xml_safety, "MAX_BYTES", 1 << 20)
    with pytest.raises(RejectedInput, match="the limit is 1 MiB") as caught:
        parse_xml(b"<l>" + b"x" * (2 << 20) + b"</l>")
    assert caught.value.reason is Reason.TOO_LARGE


def test_bombs_are_refused_at_once() -> None:
    started = time.monotonic()
    for data in (lol_bomb(), QUADRATIC):
        with pytest.raises(RejectedInput):
            parse_xml(data)
    assert time.monotonic() - started < 2


ROOTS = [
    (b"<article/>", "article"),
    (b'<?xml version="1.0"?>\n<!-- <x> --><?p <y>?>\n<!DOCTYPE a PUBLIC "-//>" "x>">\n<a b="1">', "a"),
    (b'<!DOCTYPE a [<!ENTITY b "<c/>">\n<!ELEMENT a ANY>]>\n<a/>', "a"),
    (b"<oai:OAI-PMH xmlns:oai='x'>", "OAI-PMH"),
    ("<article/>".encode("utf-16"), "article"),
    ("<article/>".encode("utf-16-le"), "article"),
    ("<article/>".encode("utf-16-be"), "article"),
    ("<article/>".encode("utf-8-sig"), "article"),
    (b"<collection><broken", "collection"),
    (b"plain text <a>", None),
    (b"", None),
    (b"<!-- never closed", None),
]


@pytest.mark.parametrize(("data", "name"), ROOTS)
def test_root_name(data: bytes, name: str | None) -> None:
    assert root_name(data) == name


def test_root_name_reads_only_the_head() -> None:
    started = time.monotonic()
    assert root_name(b"<!--" + b"-" * 30_000_000) is None
    assert time.monotonic() - started < 0.5
