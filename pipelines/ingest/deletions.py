"""What a delivery takes back: `deleted = ["10.1234/demo.1#Figure 2"]` of its delivery.toml, as revisions that say so.

A deletion is a revision of the figure like any other, with the date that the delivery states (else its night's): it
hides what the same sender delivered before at the same review stage, in whatever order the nights ran, and a later
delivery of the figure counts again. sources/deliveries.py has checked the file's form before.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping

from pipelines.core.ids import figure_key, normalise_doi, normalise_pmcid
from pipelines.core.records import DELETION, CuratedFigure, DocIds, ParsedFile, UnitCounts

#: Raised by hand whenever the same bytes can give other records.
PARSER_VERSION = 1
FORMAT = "deletions"


def ids_of(text: str) -> DocIds:
    """The document that a sender names by DOI, PMC id, `pmid:` or an id of its own (with or without its source)."""
    if doi := normalise_doi(text):
        return DocIds(doi=doi)
    if match := re.fullmatch(r"(?i)pmc:?(\d+)", text):
        return DocIds(pmcid=normalise_pmcid(match[1]))
    if match := re.fullmatch(r"(?i)pmid:(\d+)", text):
        return DocIds(pmid=match[1])
    return DocIds(local_id=text.partition(":")[2] or text)


def is_record(value: Mapping[str, object]) -> bool:
    """True for what a connector lands where a provider no longer has figures that it had."""
    return value.get("nightcap") == "deleted"


def parse_record(data: bytes) -> ParsedFile:
    """The deletions of such a record."""
    return _parse(json.loads(data)["deleted"])


def parse_deletions(data: bytes) -> ParsedFile:
    """One deleted figure for each entry; a key as the tables show it (`cur-curation-fig-2`) names it too."""
    return _parse(tomllib.loads(data.decode("utf-8-sig")).get("deleted", []))


def _parse(listed: list[object]) -> ParsedFile:
    figures = {}
    for entry in listed:
        document, _, figure = str(entry).rpartition("#")
        label = re.sub(r"^cur-[^-]+-", "", figure.strip())
        deleted = CuratedFigure(ids_of(document.strip()), figure_key(label, 0), "", label=label, is_deleted=True)
        figures[deleted.ids, deleted.key] = deleted
    counts = UnitCounts(n_in=len(listed), valid=len(figures), duplicate=len(listed) - len(figures))
    return ParsedFile(FORMAT, (), tuple(figures.values()), counts={DELETION: counts})
