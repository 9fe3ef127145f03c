"""What a delivery takes back: `deleted = ["10.1234/demo.1#Figure 2"]` of its delivery.toml, as revisions that say so.

A deletion is a revision of the figure like any other, with the date that the delivery states (else its night's): it
hides what the same sender delivered before at the same review stage, in whatever order the nights ran, and a later
delivery of the figure counts again. sources/deliveries.py has checked the file's form before.
"""

from __future__ import annotations

import re
import tomllib

from pipelines.core.ids import figure_key, normalise_doi, normalise_pmcid
from pipelines.core.records import CuratedFigure, DocIds, ParsedFile, UnitCounts

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


def parse_deletions(data: bytes) -> ParsedFile:
    """One deleted figure for each entry; a key as the tables show it (`cur-curation-fig-2`) names it too."""
    listed = tomllib.loads(data.decode("utf-8-sig")).get("deleted", [])
    figures = {}
    for entry in listed:
        document, _, figure = str(entry).rpartition("#")
        label = re.sub(r"^cur-[^-]+-", "", figure.strip())
        deleted = CuratedFigure(ids_of(document.strip()), figure_key(label, 0), "", label=label, is_deleted=True)
        figures[deleted.ids, deleted.key] = deleted
    counts = UnitCounts(n_in=len(listed), valid=len(figures), duplicate=len(listed) - len(figures))
    return ParsedFile(FORMAT, (), tuple(figures.values()), counts={"figure": counts})
