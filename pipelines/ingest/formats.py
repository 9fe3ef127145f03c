"""Which parser reads a file: by the format that its delivery states, else by its content."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

from pipelines.core.records import ParsedFile, Reason
from pipelines.errors import RejectedInput
from pipelines.ingest import (
    bioc,
    biorxiv,
    conll,
    craft,
    deletions,
    europepmc,
    jats,
    oai_pmh,
    pmc_metadata,
    pubannotation,
    pubmed,
    pubtator,
    retraction_lists,
    sourcedata,
    sourcedata_api,
    sourcedata_jsonl,
    vanished,
)  # fmt: skip
from pipelines.ingest.json_records import load_object
from pipelines.ingest.xml_safety import root_name

#: Modules that read a JSON object which they know by its keys: `is_record`, `parse_record`, `PARSER_VERSION`.
_JSON_READERS = (europepmc, biorxiv, deletions, pmc_metadata, vanished)
_PARSERS = (jats, oai_pmh, bioc, sourcedata, sourcedata_api, pubmed, retraction_lists, *_JSON_READERS, pubannotation,
            pubtator, conll, sourcedata_jsonl, craft)  # fmt: skip
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


def parser_versions() -> str:
    """All parsers with their versions, as one word that changes with any of them."""
    return " ".join(f"{m.__name__.rpartition('.')[2]}:{m.PARSER_VERSION}" for m in _PARSERS)


def look_at(data: bytes) -> str:
    """The format that the beginning of a file looks like, "" for XML and for what is not known."""
    head = data[:_BEGINNING].removeprefix(b"\xef\xbb\xbf")
    return next((kind for kind, looks in _LOOKS if looks.match(head)), "")


def parse_file(data: bytes, kind: str = "mixed", labels: str = "", source: str = "") -> tuple[ParsedFile, int]:
    """(records, parser version) of a raw file; RejectedInput where no parser takes it.

    `kind` and `labels` are what its delivery states. Other files are told by their keys or root element. Text without
    figures must be stated: it becomes nobody's gold unknowingly. Lists of retracted papers are read from the source
    `retractions` alone: elsewhere a column of numbers says nothing.
    """
    if kind in _STATED:
        parse, version = _STATED[kind]
        return parse(data, labels), version
    if source == "retractions" and (read_list := retraction_lists.find_reader(data)):
        return read_list(data), retraction_lists.PARSER_VERSION
    if sourcedata_api.is_payload(data):
        return sourcedata_api.parse_payload(data), sourcedata_api.PARSER_VERSION
    looks = look_at(data)
    if looks == "bioc-json":
        return bioc.parse_bioc(data, labels, is_json=True), bioc.PARSER_VERSION
    if data[:512].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return _parse_json(data, looks)
    if looks:
        raise _unstated(looks)
    return _parse_xml(data, labels)


def _unstated(looks: str) -> RejectedInput:
    message = f'it looks like {looks}: say format = "{looks}" in its delivery.toml'
    return RejectedInput(Reason.UNKNOWN_FORMAT, message)


def _parse_xml(data: bytes, labels: str) -> tuple[ParsedFile, int]:
    root = root_name(data)
    if root == pubmed.ROOT:
        return pubmed.parse_pubmed(data), pubmed.PARSER_VERSION
    if root in ("collection", "BioCCollection"):
        return bioc.parse_bioc(data, labels), bioc.PARSER_VERSION
    if root == "article" and (b"<sd-panel" in data or b"<sd-tag" in data):
        return sourcedata.parse_sourcedata(data), sourcedata.PARSER_VERSION
    return jats.parse_jats(data), jats.PARSER_VERSION


def _parse_json(data: bytes, looks: str) -> tuple[ParsedFile, int]:
    try:
        value = load_object(data)
    except RejectedInput:
        if looks:
            raise _unstated(looks) from None
        raise
    for module in _JSON_READERS:
        if module.is_record(value):
            return module.parse_record(data), module.PARSER_VERSION
    if looks:
        raise _unstated(looks)
    raise RejectedInput(Reason.UNKNOWN_FORMAT, "no known record: the JSON is of none of the sources")
