"""Which parser reads a file: by the format that its delivery states, else by its content."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

from pipelines.core.records import ParsedFile, Reason
from pipelines.errors import RejectedInput
from pipelines.ingest import bioc, conll, jats, pubannotation, pubtator, sourcedata, sourcedata_api, sourcedata_jsonl
from pipelines.ingest.xml_safety import root_name

Parser = Callable[[bytes, str], ParsedFile]
#: Formats that are not told by a root element.
_STATED: dict[str, tuple[Parser, int]] = {
    "bioc-json": (partial(bioc.parse_bioc, is_json=True), bioc.PARSER_VERSION),
    "pubannotation": (pubannotation.parse_pubannotation, pubannotation.PARSER_VERSION),
    "pubtator": (pubtator.parse_pubtator, pubtator.PARSER_VERSION),
    "conll": (conll.parse_conll, conll.PARSER_VERSION),
    "jsonl": (sourcedata_jsonl.parse_jsonl, sourcedata_jsonl.PARSER_VERSION),
}
#: What the beginning of a file looks like, by format; the first that fits.
_LOOKS: tuple[tuple[str, re.Pattern[bytes]], ...] = (
    ("bioc-json", re.compile(rb'\s*[{\[].*"passages"', re.DOTALL)),
    ("pubannotation", re.compile(rb'\s*[{\[].*"denotations"', re.DOTALL)),
    ("jsonl", re.compile(rb'\s*\{.*"(?:words|labels)"', re.DOTALL)),
    ("pubtator", re.compile(rb"\s*[^|\t\n]+\|[ta]\|")),
    ("conll", re.compile(rb"(?:\s*#[^\n]*\n)*\s*[^\s<]+[\t ]+(?:[^\n]*[\t ])?(?:O|[BI]-\S+)\r?\n")),
)
_BEGINNING = 1 << 16
VERSIONS = (
    jats.PARSER_VERSION, bioc.PARSER_VERSION, sourcedata.PARSER_VERSION, pubannotation.PARSER_VERSION,
    pubtator.PARSER_VERSION, conll.PARSER_VERSION, sourcedata_jsonl.PARSER_VERSION, sourcedata_api.PARSER_VERSION,
)  # fmt: skip


def look_at(data: bytes) -> str:
    """The format that the beginning of a file looks like, "" for XML and for what is not known."""
    head = data[:_BEGINNING].removeprefix(b"\xef\xbb\xbf")
    return next((kind for kind, looks in _LOOKS if looks.match(head)), "")


def parse_file(data: bytes, kind: str = "mixed", labels: str = "") -> tuple[ParsedFile, int]:
    """(records, parser version) of one raw file; RejectedInput where no parser takes it.

    `kind` and `labels` are what the delivery states. XML is told by its root element, BioC JSON by its look. The other
    formats must be stated: text without figures becomes nobody's gold unknowingly.
    """
    if kind in ("mixed", "sourcedata") and sourcedata_api.is_payload(data):
        return sourcedata_api.parse_payload(data), sourcedata_api.PARSER_VERSION
    looks = look_at(data) if kind == "mixed" else ""
    if looks == "bioc-json":
        kind = looks
    elif looks:
        raise RejectedInput(
            Reason.UNKNOWN_FORMAT, f'it looks like {looks}: say format = "{looks}" in its delivery.toml'
        )
    if kind in _STATED:
        parse, version = _STATED[kind]
        return parse(data, labels), version
    root = root_name(data)
    if root in ("collection", "BioCCollection"):
        return bioc.parse_bioc(data, labels), bioc.PARSER_VERSION
    if root == "article" and (b"<sd-panel" in data or b"<sd-tag" in data):
        return sourcedata.parse_sourcedata(data), sourcedata.PARSER_VERSION
    return jats.parse_jats(data), jats.PARSER_VERSION
