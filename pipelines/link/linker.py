"""Names to identifiers by exact name, and only where the name says which one is meant."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import pyarrow as pa

from pipelines.core.tables import rows_to_table
from pipelines.link.names import name_key, name_keys
from pipelines.link.ontologies import Entry

#: Raised by hand when the same files can give other links: part of the fingerprint.
LINKER_VERSION = 1
LINKS = pa.schema(
    [
        pa.field("entity_type", pa.string(), nullable=False),
        pa.field("name", pa.string(), nullable=False),
        pa.field("ext_id", pa.string()),
        pa.field("ext_db", pa.string()),
        pa.field("ext_name", pa.string()),
        pa.field("source", pa.string()),
    ]
)
Name = tuple[str, str]


@dataclass(frozen=True)
class Candidate:
    """An entry that bears a name, and how: `is_synonym` after the preferred name, `spelling` as the file has it."""

    entry: Entry
    source: str
    file_no: int
    is_synonym: bool
    spelling: str


class Linker:
    """Holds only the entries that the wanted names could mean, so that memory is bounded by what is asked."""

    def __init__(self, wanted: Collection[Name]) -> None:
        self._keys = {(t, key) for t, text in wanted for key in name_keys(text, t)}
        self._found: dict[Name, list[Candidate]] = {}

    def add(self, source: str, file_no: int, entries: Iterable[Entry]) -> None:
        """Take in a file; `file_no` is its place in the configuration, earlier ones are preferred."""
        for entry in entries:
            for position, spelling in enumerate((entry.name, *entry.synonyms)):
                key = (entry.entity_type, name_key(spelling))
                if key in self._keys:
                    found = Candidate(entry, source, file_no, position > 0, spelling)
                    self._found.setdefault(key, []).append(found)

    def link(self, name: Name) -> Candidate | None:
        """The one entry that a name means, None where it is unknown or ambiguous."""
        entity_type, text = name
        for key in name_keys(text, entity_type):
            if candidates := self._found.get((entity_type, key)):
                return choose(text, candidates)
        return None


def _preference(text: str, candidate: Candidate) -> tuple[object, ...]:
    """Preferred names before synonyms, the very spelling before others (Atg5 is the mouse's, ATG5 the human's), then
    the file's own order of species, then the order of the files."""
    return (candidate.is_synonym, candidate.spelling != text, candidate.entry.rank, candidate.file_no)


def choose(text: str, candidates: Sequence[Candidate]) -> Candidate | None:
    """The most preferred candidate; None where two different identifiers are preferred alike."""
    ranked = sorted(candidates, key=lambda c: (_preference(text, c), c.entry.ext_id))
    best = ranked[0]
    rivals = {c.entry.ext_id for c in ranked if _preference(text, c) == _preference(text, best)}
    return best if len(rivals) == 1 else None


def link_names(linker: Linker, names: Iterable[Name]) -> pa.Table:
    """Rows of LINKS, sorted, one a name; `ext_id` null where nothing is linked, so that it is not asked again."""
    rows: list[dict[str, object]] = []
    for entity_type, text in sorted(names):
        found = linker.link((entity_type, text))
        row: dict[str, object] = {"entity_type": entity_type, "name": text}
        if found:
            row |= {"ext_id": found.entry.ext_id, "ext_db": found.entry.ext_db, "ext_name": found.entry.name,
                    "source": found.source}  # fmt: skip
        rows.append(row)
    return rows_to_table(rows, LINKS)
