"""Mutated inputs for every reader of bytes from outside, in a process of its own: a crash or a memory bomb ends it.

`python fuzz_parsers.py TARGET START COUNT SECONDS MIB [FILE…]` prints one JSON object. Input n of a target is
always the same bytes: its seed and its mutations come from a generator that (target, n) starts. FILEs are more seeds;
with `file` for START they are read as they are.
"""

from __future__ import annotations

import base64
import gzip
import io
import json
import random
import re
import resource
import sys
import tarfile
import time
import traceback
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from pipelines.errors import PipelineError
from pipelines.ingest import biorxiv, europepmc, pmc_metadata, vanished
from pipelines.ingest.bioc import parse_bioc
from pipelines.ingest.formats import parse_file
from pipelines.ingest.jats import parse_jats
from pipelines.ingest.json_records import load_object
from pipelines.ingest.pubmed import parse_pubmed
from pipelines.ingest.retraction_lists import find_reader
from pipelines.ingest.sourcedata import parse_sourcedata
from pipelines.sources.archives import Member, iter_members

XLINK = 'xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:mml="http://www.w3.org/1998/Math/MathML"'
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
FRONT = """<front><journal-meta><journal-title-group><journal-title>J. Ünits</journal-title></journal-title-group>
<publisher><publisher-name>Pub</publisher-name></publisher></journal-meta><article-meta>
<article-id pub-id-type="doi">10.1234/Demo.1</article-id><article-id pub-id-type="pmc">PMC123</article-id>
<title-group><article-title>ERK2 <italic>and</italic> α-tubulin<sup>2</sup></article-title></title-group>
<pub-date pub-type="epub"><day>3</day><month>2</month><year>2020</year></pub-date>
<permissions><license license-type="open-access" xlink:href="http://creativecommons.org/licenses/by/4.0/"><license-p>
CC BY</license-p></license></permissions>
<related-article related-article-type="retracted-article" ext-link-type="doi" xlink:href="10.1234/old"/>
<abstract><title>Aim</title><p>We see <xref ref-type="bibr" rid="b1">[1]</xref> things.</p></abstract>
</article-meta></front>"""
FIGURES = """<fig id="f1"><label>Figure 1.</label><caption><title>Blots of ERK2.</title><p>(<bold>A</bold>) HeLa cells
(<xref ref-type="bibr" rid="b1">1</xref>,<xref ref-type="bibr" rid="b2">2</xref>). <list list-type="alpha-lower">
<list-item><p>one</p></list-item><list-item><label>(b)</label><p>two</p></list-item></list></p></caption>
<alternatives><graphic xlink:href="g1.tif"/><graphic xlink:href="g1.jpg"/></alternatives>
<fig id="f1s"><label>Figure 1—figure supplement 1</label><caption><p>Child <inline-formula><mml:math><mml:mfrac>
<mml:mi>a</mml:mi><mml:msqrt><mml:mn>2</mml:mn></mml:msqrt></mml:mfrac></mml:math></inline-formula></p></caption></fig></fig>
<fig-group><label>Figure 2</label><caption xml:lang="en"><p>Group</p></caption><fig><caption><p>p &lt; 0.05 &#x3b1;
<tex-math>\\documentclass{a}\\begin{document}$\\frac{a}{b}$\\end{document}</tex-math></p></caption></fig></fig-group>"""
ARTICLE = f"""<article {XLINK} article-type="research-article" xml:lang="en">{FRONT}<body><sec>{FIGURES}</sec>
</body><floats-group><fig id="f9"><label>Scheme 1</label></fig></floats-group>
<sub-article xml:lang="es"><front-stub/><body>{FIGURES}</body></sub-article></article>"""
JATS = (
    HEAD + ARTICLE,
    HEAD + '<!DOCTYPE article PUBLIC "-//NLM//DTD JATS//EN" "JATS.dtd" [<!ENTITY e "entity">]>' + ARTICLE,
    f'<pmc-articleset>{ARTICLE}<Reply id="1" error="not found"/></pmc-articleset>',
    '<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><GetRecord><record><header><identifier>oai:1</identifier>'
    f"<datestamp>2020-01-02</datestamp></header><metadata>{ARTICLE}</metadata></record><record>"
    '<header status="deleted"/></record></GetRecord></OAI-PMH>',
)
BLOT, IMAGE = "(A) Blot of α‐tubulin and ERK2 in HeLa cells.", "(B–C) Image of ERK2 in mice."


def _annotation(text: str, word: str, raw: str) -> str:
    at = len(text[: text.index(word)].encode())
    return (f'<annotation id="1"><infon key="type">{raw}</infon><location offset="{at}" '
            f'length="{len(word.encode())}"/><text>{word}</text></annotation>')  # fmt: skip


def bioc_document(figure: str, text: str, *words: tuple[str, str]) -> str:
    tags = "".join(_annotation(text, w, raw) for w, raw in words)
    return (f'<document><id>123 {figure}</id><infon key="doi">10.1234/Demo.1</infon><infon key="pmc_id">123</infon>'
            f'<infon key="figure">{figure}</infon><infon key="sourcedata_figure_dir">Figure_1-A</infon><passage>'
            f"<offset>0</offset><text>{text}</text>{tags}</passage></document>")  # fmt: skip


BIOC = (
    HEAD + "<collection><source>x</source><date>20200102</date>"
    + bioc_document("Figure 1-A", BLOT, ("α‐tubulin", "Uniprot:P68363"), ("HeLa", "Cellosaurus:CVCL_0030|cell:x"))
    + bioc_document("Figure_1-B-C", IMAGE, ("ERK2", "NCBI gene:5594"), ("mice", "NCBI taxon:10090")) + "</collection>",
    HEAD + "<collection><date>00000000</date>" + bioc_document("Figure S2", BLOT + " " + IMAGE) + "</collection>",
)  # fmt: skip
TAG = ('<sd-tag id="sdTag1" source="sdapi" category="entity" entity_type="protein" role="assayed" text="ERK2" '
        'ext_ids="P28482///P27361" ext_dbs="Uniprot///Uniprot" ext_names="A///B">ERK<sub>2</sub></sd-tag>')  # fmt: skip
_PRE = '<sd-pretag id="pre1" type="geneprod">GFP</sd-pretag>'
_FLOAT = (
    '<sd-tag id="sdTag2" category="assay" entity_type="" role="" text="western blot" ext_ids="BAO:1" ext_dbs="BAO"/>'
)
SOURCEDATA = (
    f'<article doi="10.1234/Demo.1" abstract="…"><fig id="90"><title>T</title><label>Figure 2</label><graphic/>'
    f'<sd-panel panel_id="7"><p><b>A</b> Blot of {TAG} and {_PRE} &amp; more.<br/>{_FLOAT}</p><graphic href="https://x/7"/>'
    f'</sd-panel><sd-panel panel_id="8">(B) <sd-panel panel_id="9">nested {TAG}</sd-panel></sd-panel></fig></article>',
)


STATEMENT = {"id": "39000009", "source": "MED", "type": "Retraction in", "reference": "J Ünits. 2026 Mar 4;5:6"}
RECORDS = (
    {"id": "39000001", "source": "MED", "pmcid": "PMC123", "doi": "10.1234/Demo.1", "license": "cc by", "inEPMC": "Y",
     "firstPublicationDate": "2026-02-03", "pubTypeList": {"pubType": ["Journal Article", "Retracted Publication"]},
     "commentCorrectionList": {"commentCorrection": [STATEMENT, {**STATEMENT, "type": "Preprint in"}]}},
    {"downloaded": True, "full": {"id": ["39000001"], "source": ["MED"], "isOpenAccess": ["Y"],
     "commentCorrectionList": [{"commentCorrection": [{k: [v] for k, v in STATEMENT.items()}]}]}},
    {"doi": "10.1101/2024.01.02.123456", "version": "2", "date": "2024-01-05", "type": "withdrawn",
     "license": "cc_by", "category": "cell biology", "published": "10.1234/demo.1"},
    {"preprint_doi": "10.1101/123456", "published_doi": "10.1234/demo.1", "published_date": "2024-05-06"},
    {"pmcid": "PMC123", "version": 2, "pmid": "39000001", "is_retracted": "yes", "license_code": "CC BY"},
    {"nightcap": "vanished", "source": "pmc", "key": "PMC123.1", "pmcid": "PMC123", "date": "2026-03-04"},
)  # fmt: skip


def read_record(data: bytes) -> None:
    """As the parse step does: the reader that knows the object by its keys."""
    value = load_object(data)
    for module in (europepmc, biorxiv, pmc_metadata, vanished):
        if module.is_record(value):
            parsed = module.parse_record(data)
            json.dumps([str(e) for e in parsed.events]).encode()
            assert all(counts.balances for counts in parsed.counts.values())
            return


PUBMED = (
    HEAD
    + """<PubmedArticleSet><PubmedArticle><MedlineCitation><PMID Version="1">39000001</PMID><Article><Journal>
<JournalIssue><PubDate><Year>2020</Year><Month>Mar</Month></PubDate></JournalIssue><Title>J Ünits</Title></Journal>
<PublicationTypeList><PublicationType>Retracted Publication</PublicationType></PublicationTypeList></Article>
<CommentsCorrectionsList><CommentsCorrections RefType="RetractionIn"><RefSource>J Ünits. 2026 Mar 4;5:6</RefSource>
<PMID>39000009</PMID></CommentsCorrections><CommentsCorrections RefType="UpdateOf"><RefSource>bioRxiv. 2020 Jan 2. doi:
10.1101/123456</RefSource></CommentsCorrections></CommentsCorrectionsList></MedlineCitation><PubmedData><ArticleIdList>
<ArticleId IdType="doi">10.1234/Demo.1</ArticleId><ArticleId IdType="pmc">PMC123</ArticleId></ArticleIdList>
</PubmedData></PubmedArticle><DeleteCitation><PMID>7</PMID></DeleteCitation></PubmedArticleSet>""",
)
LISTS = (
    "Record ID,Title,RetractionDate,RetractionDOI,RetractionPubMedID,OriginalPaperDOI,OriginalPaperPubMedID,"
    'RetractionNature,Reason\r\n1,"Ünits, ""again""",4/15/2021 0:00,10.1234/n,0,10.1234/Demo.1,39000001,Retraction,+A'
    "\r\n2,x,13/13/2021 0:00,unavailable,0,10.1234/a;10.1234/b,3,Reinstatement,\r\n3,x,,,0,unavailable,0,Correction,"
    "\r\n",
    "! Downloaded on 2026-06-10\nPMID:10066663,PMCID:PMC95696\n10077615\nhttps://doi.org/10.1234/Demo.1\n",
)


def read_list(data: bytes) -> None:
    """As the parse step does with what lies in the source of lists."""
    if reader := find_reader(data):
        parsed = reader(data)
        json.dumps([str(e) for e in parsed.events]).encode()
        assert all(counts.balances for counts in parsed.counts.values())


def _zip(members: Sequence[tuple[str, bytes]]) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(zipfile.ZipInfo(name, (2020, 1, 2, 3, 4, 6)), data, zipfile.ZIP_DEFLATED)
    return sink.getvalue()


def _tar(members: Sequence[tuple[str, bytes]], format_: int = tarfile.PAX_FORMAT) -> bytes:
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w", format=format_) as archive:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    return sink.getvalue()


def _archives() -> tuple[bytes, ...]:
    small = [
        ("a/ü.xml", ARTICLE.encode()),
        ("b.xml", BIOC[0].encode()),
        ("../c.xml", b"<a/>"),
        ("d" * 200 + ".xml", b"<a/>"),
    ]
    tar = _tar(small)
    bomb = [("zeros.xml", bytes(8 << 20))]
    nested = [("inner.zip", _zip(small)), ("inner.tar.gz", gzip.compress(tar, mtime=0)), ("x.xml", b"<a/>")]
    return (
        tar, _zip(small), gzip.compress(tar, mtime=0), gzip.compress(ARTICLE.encode(), mtime=0), _zip(nested),
        _zip(bomb),
        _tar(small, tarfile.GNU_FORMAT), gzip.compress(_tar(nested, tarfile.USTAR_FORMAT), mtime=0),
    )  # fmt: skip


def read_archive(data: bytes) -> None:
    """Every member; none is kept."""
    for entry in iter_members(data, "fuzz.zip"):
        if isinstance(entry, Member):
            assert ".." not in entry.name.split("/")
            assert not entry.name.startswith("/")


# texts: formats that their delivery states, with the map of labels that it follows

BIOC_JSON = {
    "source": "x", "date": "2020-01-02", "documents": [
        {"id": "123 Figure 1-A", "infons": {"doi": "10.1234/Demo.1", "figure": "Figure 1-A"}, "passages": [
            {"offset": 0, "text": BLOT, "annotations": [
                {"id": "1", "infons": {"type": "Uniprot:P68363"}, "text": "ERK2",
                 "locations": [{"offset": BLOT.index("ERK2"), "length": 4}]}]}]},
        {"id": "7", "infons": {}, "passages": [
            {"offset": 5, "sentences": [{"offset": 5, "text": IMAGE, "annotations": [
                {"id": 2, "infons": {"type": "gene", "identifier": "NCBI gene:5594;Uniprot:P28482"}, "text": "ERK2",
                 "locations": [{"offset": 5 + IMAGE.index("ERK2"), "length": 4}]}]}], "annotations": []}]},
    ],
}  # fmt: skip
PUBANNOTATION = {
    "sourcedb": "PubMed", "sourceid": "123", "divid": 0, "text": BLOT, "denotations": [
        {"id": "T1", "span": {"begin": 12, "end": 21}, "obj": "Gene"},
        {"id": "T2", "span": [{"begin": 4, "end": 8}, {"begin": 26, "end": 30}], "obj": "CL:0000066"}],
    "attributes": [{"id": "A1", "subj": "T1", "pred": "norm", "obj": "5594"}],
    "relations": [{"id": "R1", "subj": "T1", "obj": "T2", "pred": "in"}],
}  # fmt: skip
PUBTATOR = (
    f"26094|t|{BLOT}\n26094|a|{IMAGE}\n26094\t12\t21\tα‐tubulin\tGene\t5594|1956\n"
    "26094\t26\t30\tERK2\tGene\t-1\n26094\tCID\tD008750\tD003866\n\nx-1|t|A title.\n"
)
CONLL = (
    "HeLa\tB-Gene\ncells\tI-Gene\n.\tO\n\nERK2\tB-Gene\n\n",
    "-DOCSTART- (7)\tO\n\n# text = HeLa cells.\nHeLa NN B-CellLine\ncells NN I-CellLine\n. . O\n\nmice NN B-Species\n",
)
JSONL = "".join(
    json.dumps({"words": words, "labels": labels, "is_category": codes, "text": text}) + "\n"
    for words, labels, codes, text in (
        (["ERK2", "in", "mice", "."], ["B-GENEPROD", "O", "B-ORGANISM", "O"], [1, 0, 0, 0], "ERK2 in mice."),
        (["(", "A", ")"], ["B-PANEL_START", "O", "O"], [0, 0, 0], "(A)"),
        (["ERK2", "and", "U0126"], ["B-CONTROLLED_VAR", "O", "O"], [1, 0, 2], "ERK2 and U0126"),
    )
)

TARGETS: dict[str, Callable[[bytes], object]] = {
    "jats": parse_jats, "bioc": parse_bioc, "sourcedata": parse_sourcedata, "archive": read_archive,
    **{kind: partial(parse_file, kind=kind, labels="" if kind in ("bioc-json", "jsonl") else "pubtator")
       for kind in ("bioc-json", "pubannotation", "pubtator", "conll", "jsonl")},
    "record": read_record, "pubmed": parse_pubmed, "list": read_list,
}  # fmt: skip
SEEDS: dict[str, tuple[bytes, ...]] = {
    "jats": tuple(t.encode() for t in JATS), "bioc": tuple(t.encode() for t in BIOC),
    "sourcedata": tuple(t.encode() for t in SOURCEDATA), "archive": _archives(),
    "bioc-json": (json.dumps(BIOC_JSON).encode(), json.dumps([BIOC_JSON], ensure_ascii=False).encode()),
    "pubannotation": (json.dumps(PUBANNOTATION).encode(), json.dumps([PUBANNOTATION], ensure_ascii=False).encode()),
    "pubtator": (PUBTATOR.encode(),), "conll": tuple(t.encode() for t in CONLL), "jsonl": (JSONL.encode(),),
    "record": tuple(json.dumps(r, ensure_ascii=False).encode() for r in RECORDS),
    "pubmed": tuple(t.encode() for t in PUBMED), "list": tuple(t.encode("latin-1") for t in LISTS),
}  # fmt: skip


# mutations: bytes and a generator in, bytes out

_TAGS = re.compile(rb"</?[A-Za-z][^<>]*>")
_NAMES = re.compile(rb"(?<=<)[A-Za-z][\w:.-]*")
_NUMBERS = re.compile(rb"\d+")
_ODD_NUMBERS = (b"0", b"-1", b"99999999999999999999", b"1e9", b"2147483648", b"", "٣".encode(), b"\xc2\xb2", b"0x10")
_ODD_TEXT = (
    b"\0", b"\x0b", b"\xff\xfe", b"\xef\xbb\xbf", b"&nbsp;", b"&#0;", b"&#xD800;", b"&#x10FFFF;", b"&e;",
    b"<![CDATA[x]]>", b"<!-- -- -->", b"<?pi?>", b"]]>", "e\u0301\u200b\u202e".encode(), "\U0001f9ec".encode(),
    b"\xed\xa0\x80",
    b"///", b"<a:b/>",
)  # fmt: skip
_ENCODINGS = ("utf-16", "utf-16-le", "utf-32", "latin-1", "cp1252", "utf-7", "cp037", "shift_jis")


def _span(data: bytes, rng: random.Random, most: int = 4000) -> tuple[int, int]:
    start = rng.randrange(len(data) + 1)
    return start, min(len(data), start + rng.randrange(1, most))


def flip(data: bytes, rng: random.Random) -> bytes:
    out = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 8, 64))):
        if out:
            out[rng.randrange(len(out))] = rng.randrange(256)
    return bytes(out)


def cut(data: bytes, rng: random.Random) -> bytes:
    return data[: rng.randrange(len(data) + 1)]


def remove(data: bytes, rng: random.Random) -> bytes:
    start, end = _span(data, rng)
    return data[:start] + data[end:]


def double(data: bytes, rng: random.Random) -> bytes:
    start, end = _span(data, rng)
    return data[:end] + data[start:end] * rng.choice((1, 1, 2, 20)) + data[end:]


def swap_tags(data: bytes, rng: random.Random) -> bytes:
    tags = list(_TAGS.finditer(data))
    if len(tags) < 2:
        return flip(data, rng)
    a, b = sorted(rng.sample(tags, 2), key=lambda m: m.start())
    return data[: a.start()] + b[0] + data[a.end() : b.start()] + a[0] + data[b.end() :]


def rename(data: bytes, rng: random.Random) -> bytes:
    """One element name becomes another everywhere: stays well-formed."""
    names = sorted(set(_NAMES.findall(data)))
    if not names:
        return flip(data, rng)
    old, new = rng.choice(names), rng.choice(names)
    return re.sub(rb"(?<=[</])" + re.escape(old) + rb"(?=[\s/>])", new, data)


def change_number(data: bytes, rng: random.Random) -> bytes:
    found = list(_NUMBERS.finditer(data))
    if not found:
        return flip(data, rng)
    match = rng.choice(found)
    return data[: match.start()] + rng.choice(_ODD_NUMBERS) + data[match.end() :]


def insert(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data) + 1)
    return data[:at] + rng.choice(_ODD_TEXT) * rng.choice((1, 1, 50)) + data[at:]


def nest(data: bytes, rng: random.Random) -> bytes:
    """One tag many times: deep where it opens, unbalanced where it closes."""
    tags = list(_TAGS.finditer(data))
    if not tags:
        return double(data, rng)
    match = rng.choice(tags)
    return data[: match.start()] + match[0] * rng.choice((2, 100, 300, 5000)) + data[match.end() :]


def wrap(data: bytes, rng: random.Random) -> bytes:
    """An element inside copies of itself, closed properly."""
    names = sorted(set(_NAMES.findall(data)))
    if not names:
        return double(data, rng)
    name, n = rng.choice(names), rng.choice((2, 30, 200, 400))
    match = re.search(b"<" + re.escape(name) + rb"(?:\s[^<>]*)?>", data)
    end = data.find(b"</" + name + b">")
    if match is None or end < match.end():
        return double(data, rng)
    closing = b"</" + name + b">"
    return data[: match.start()] + match[0] * n + data[match.end() : end] + closing * n + data[end + len(closing) :]


def recode(data: bytes, rng: random.Random) -> bytes:
    """Other bytes for the same text, or another encoding stated for the same bytes."""
    name = rng.choice(_ENCODINGS)
    stated = re.sub(rb'encoding="[^"]*"', f'encoding="{name}"'.encode(), data, count=1)
    kind = rng.randrange(3)
    if kind == 0:
        return stated
    return (stated if kind == 1 else data).decode("utf-8", "replace").encode(name, "replace")


_LEAF = re.compile(rb"<([A-Za-z][\w:.-]*)(?:\s[^<>]*)?>[^<]*</\1>|<[A-Za-z][^<>]*/>")


def change_leaf(data: bytes, rng: random.Random) -> bytes:
    """An element without children is dropped, doubled, emptied or put somewhere else: stays well-formed."""
    leaves = list(_LEAF.finditer(data))
    if len(leaves) < 2:
        return flip(data, rng)
    match, other = rng.choice(leaves), rng.choice(leaves)
    kind = rng.randrange(4)
    if kind == 3:
        return data[: other.end()] + match[0] + data[other.end() :]
    emptied = re.sub(rb">[^<]*<", b"><", match[0])
    return data[: match.start()] + (b"", match[0] * 2, emptied)[kind] + data[match.end() :]


_ODD_VALUES: tuple[object, ...] = (
    None, True, -1, 0, 10**30, 1e308, "", "O", "B-", "I-GENEPROD", "\x00", "\ud800", "é" * 300, [], {}, [[]], [None],
    {"begin": 5, "end": 2},
)  # fmt: skip


def _places(value: object, found: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    """Every (container, key) of a JSON value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        found.append((value, key))
        _places(inner, found)
    return found


def change_entry(data: bytes, rng: random.Random) -> bytes:
    """JSON: a value becomes an odd one or another of the same text, or is doubled. Else two fields change places."""
    lines = data.split(b"\n")
    n = rng.randrange(len(lines))
    try:
        value = json.loads(lines[n])
    except ValueError:
        return _swap_fields(data, rng)
    places = _places(value, [])
    if places:
        (into, key), (other, from_key) = rng.choice(places), rng.choice(places)
        into[key] = rng.choice((rng.choice(_ODD_VALUES), json.loads(json.dumps(other[from_key])), [into[key]] * 2))
    lines[n] = json.dumps(value).encode()
    return b"\n".join(lines)


def _swap_fields(data: bytes, rng: random.Random) -> bytes:
    fields = re.split(rb"([\t\n| ])", data)
    if len(fields) > 3:
        i, j = rng.randrange(len(fields)), rng.randrange(len(fields))
        fields[i], fields[j] = fields[j], fields[i]
    return b"".join(fields)


_VALUES = (None, True, 0, -1.5, "", "NA", "10.1/\ud800", [], {}, [[["x"]]], {"a": {"b": []}}, "9" * 5000, "x y " * 9000)


def change_value(data: bytes, rng: random.Random) -> bytes:
    """A value somewhere in a JSON object becomes another, or its list or object: stays well-formed."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return flip(data, rng)
    at, key = value, None
    while isinstance(at, (dict, list)) and at:
        key = rng.choice(sorted(at) if isinstance(at, dict) else range(len(at)))
        if not isinstance(at[key], (dict, list)) or not at[key] or rng.random() < 0.3:
            at[key] = rng.choice((*_VALUES, [at[key]], {"full": at[key]}, [at[key]] * 300))
            break
        at = at[key]
    return json.dumps(value).encode()


KEEPING = (rename, change_number, wrap, change_leaf)
MUTATIONS = (flip, cut, remove, double, swap_tags, rename, change_number, insert, nest, wrap, recode, change_leaf)
ARCHIVE_MUTATIONS = (flip, flip, cut, remove, double, insert)
TEXT_MUTATIONS = (*(change_entry,) * 4, change_number, remove, double, insert, cut, flip, recode)
TEXTS = ("bioc-json", "pubannotation", "pubtator", "conll", "jsonl")


def make_input(target: str, n: int, seeds: Sequence[bytes]) -> bytes:
    """Input n of a target: a seed with one to four mutations, half of them such that keep XML well-formed; half of the
    archives hold mutated members instead."""
    rng = random.Random(f"nightcap:{target}:{n}")
    data = rng.choice(seeds)
    if target == "archive" and rng.random() < 0.5:
        return _mutated_archive(rng)
    mutations = _mutations(target, rng)
    for _ in range(rng.choice((1, 1, 2, 4))):
        data = rng.choice(mutations)(data, rng)
    return data


def _mutations(target: str, rng: random.Random) -> Sequence[Callable[[bytes, random.Random], bytes]]:
    if target == "archive":
        return ARCHIVE_MUTATIONS
    if target in TEXTS:
        return TEXT_MUTATIONS
    return rng.choice((MUTATIONS, (change_value,) if target == "record" else KEEPING))


_HOSTILE = (
    "../../x.xml",
    "/etc/x.xml",
    "C:\\x.xml",
    "a\\..\\b.xml",
    "x\n.xml",
    "",
    ".",
    "a/./b.xml",
    "x.zip",
    "y.tar.gz",
    "z.xml.gz",
)


def _mutated_archive(rng: random.Random) -> bytes:
    members = []
    for _ in range(rng.randrange(1, 6)):
        name = rng.choice((*_HOSTILE, f"m{rng.randrange(9)}.xml", "é" * rng.randrange(1, 120)))
        data = rng.choice((*SEEDS["jats"], *SEEDS["archive"][:4]))
        members.append((name, rng.choice(MUTATIONS)(data, rng)))
    pack = rng.choice((_zip, _tar, lambda m: gzip.compress(_tar(m), mtime=0), lambda m: _tar(m, tarfile.GNU_FORMAT)))
    data = pack(members)
    return rng.choice(ARCHIVE_MUTATIONS)(data, rng) if rng.random() < 0.5 else data


# running


def peak_mib() -> float:
    line = next(x for x in Path("/proc/self/status").read_text().splitlines() if x.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


def try_input(target: str, data: bytes) -> tuple[str, float]:
    """(how it ended, CPU seconds): ok, the PipelineError's reason, or the traceback of anything else."""
    started = time.thread_time()
    try:
        TARGETS[target](data)
        ended = "ok"
    except PipelineError as error:
        ended = f"refused: {getattr(error, 'reason', type(error).__name__)}"
    except BaseException:
        ended = f"crash: {traceback.format_exc(limit=-4)}"
    return ended, time.thread_time() - started


def iter_inputs(target: str, start: str, count: int, files: Sequence[str]) -> Iterator[tuple[int, bytes]]:
    if start == "file":
        yield from ((n, Path(f).read_bytes()) for n, f in enumerate(files))
        return
    seeds = [*SEEDS[target], *(Path(f).read_bytes() for f in files)]
    yield from ((n, make_input(target, n, seeds)) for n in range(int(start), int(start) + count))


def run(target: str, start: str, count: int, seconds: float, files: Sequence[str]) -> dict[str, object]:
    ends: Counter[str] = Counter()
    failures: list[dict[str, object]] = []
    slowest = 0.0
    for n, data in iter_inputs(target, start, count, files):
        ended, took = try_input(target, data)
        ends[ended.partition("\n")[0][:60]] += 1
        slowest = max(slowest, took)
        if ended.startswith("crash") or took > seconds:
            failures.append({"n": n, "ended": ended, "seconds": took, "data": base64.b64encode(data[:20000]).decode()})
    return {"target": target, "n": count, "ends": dict(ends), "slowest_s": round(slowest, 3),
            "peak_mib": round(peak_mib(), 1), "failures": failures[:20], "n_failures": len(failures)}  # fmt: skip


if __name__ == "__main__":
    _, name, first, n_inputs, most_s, most_mib, *extra = sys.argv
    warnings.simplefilter("ignore")  # zipfile warns of doubled names as they are written
    resource.setrlimit(resource.RLIMIT_AS, (int(most_mib) << 20, int(most_mib) << 20))
    print(json.dumps(run(name, first, int(n_inputs), float(most_s), extra)))
