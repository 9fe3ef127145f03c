"""Ontology files as they come, as one stream of entries: identifier, type, preferred name, synonyms.

Formats: .tsv with the header id, name, synonyms (| between), type; .obo; NCBI gene_info; the Disease Ontology's HumanDO
table; GO terms and NCBI taxa as tables without a header; Cellosaurus text. Each may be gzipped or alone in a zip.
"""

from __future__ import annotations

import csv
import gzip
import io
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pipelines.core.labels import load_labels
from pipelines.errors import UsageError


@dataclass(frozen=True)
class Entry:
    """One thing that has an identifier. `rank` orders a file's entries of equal names, smaller first: human genes."""

    ext_id: str
    ext_db: str
    entity_type: str
    name: str
    synonyms: tuple[str, ...] = ()
    rank: int = 0


def unpack(name: str, data: bytes) -> tuple[str, str]:
    """(name without .gz or .zip, text) of an ontology file."""
    if name.endswith(".gz"):
        return name.removesuffix(".gz"), gzip.decompress(data).decode("utf-8")
    if name.endswith(".zip"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.namelist()
            if len(members) != 1:
                raise UsageError(f"ontology {name} holds {len(members)} files; one is expected")
            return members[0], archive.read(members[0]).decode("utf-8")
    return name, data.decode("utf-8")


def _by_prefix(ext_id: str) -> tuple[str, str, str] | None:
    """(stored id, database, type) of an identifier with its prefix, as CL:0000084; None where it is no known one."""
    prefix = re.split(r"[:_]", ext_id, maxsplit=1)[0]
    database = load_labels().find_database(prefix)
    if database is None or not database.id_prefix or database.entity_type is None:
        return None
    stored = database.normalise_id(ext_id)
    is_usable = database.is_valid(stored) and stored not in database.placeholders
    return (stored, database.name, database.entity_type) if is_usable else None


def _by_form(ext_id: str, entity_type: str) -> str:
    """The first database of a type whose identifiers look like this one; empty where none does."""
    databases = load_labels().databases.values()
    return next((d.name for d in databases if d.entity_type == entity_type and d.is_valid(ext_id)), "")


def _entry(ext_id: str, name: str, synonyms: tuple[str, ...] = ()) -> Iterator[Entry]:
    if name and (known := _by_prefix(ext_id)):
        yield Entry(*known, name, synonyms)


def iter_table(text: str) -> Iterator[Entry]:
    """id, name, synonyms, type; the database is the column `db`, the id's prefix, or what such an id looks like."""
    labels = load_labels()
    for row in csv.DictReader(io.StringIO(text), delimiter="\t"):
        synonyms = tuple(s.strip() for s in (row.get("synonyms") or "").split("|") if s.strip())
        entity_type = row["type"] if row["type"].isupper() else labels.find_type(row["type"])
        known = _by_prefix(row["id"])
        if entity_type and row["name"]:
            database = row.get("db") or (known[1] if known else _by_form(row["id"], entity_type))
            yield Entry(known[0] if known else row["id"], database, entity_type, row["name"], synonyms)


_OBO_SYNONYM = re.compile(r'^synonym: "((?:[^"\\]|\\.)*)" EXACT')
_OBO_ESCAPE = re.compile(r"\\(.)")


def iter_obo(text: str) -> Iterator[Entry]:
    """Terms that are not obsolete, with their exact synonyms; of GO the cellular components only."""
    for block in text.split("\n[Term]\n")[1:]:
        lines = block.split("\n[", 1)[0].splitlines()
        fields = {k: v for k, _, v in (line.partition(": ") for line in reversed(lines))}
        if fields.get("is_obsolete") == "true" or fields.get("namespace", "") in (
            "biological_process",
            "molecular_function",
        ):
            continue
        synonyms = tuple(_OBO_ESCAPE.sub(r"\1", m[1]) for line in lines if (m := _OBO_SYNONYM.match(line)))
        yield from _entry(fields.get("id", ""), fields.get("name", ""), synonyms)


#: Species in the order in which a bare symbol is read: human, mouse, rat, others.
_SPECIES = {"9606": 0, "10090": 1, "10116": 2}


def iter_gene_info(text: str) -> Iterator[Entry]:
    """NCBI genes by symbol and synonyms; regions and pseudogenes left out."""
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        tax, gene, symbol, _, synonyms, *rest = line.split("\t")
        if rest[4] in ("pseudo", "biological-region", "unknown"):
            continue
        other = tuple(s for s in synonyms.split("|") if s != "-")
        full = tuple(n for n in rest[6:7] if n not in ("-", symbol))
        yield Entry(gene, "NCBI gene", "GENEPROD", symbol, other + full, _SPECIES.get(tax, 9))


def iter_human_do(text: str) -> Iterator[Entry]:
    seen = set()
    for row in csv.DictReader(io.StringIO(text), delimiter="\t"):
        if row["id"] not in seen:
            seen.add(row["id"])
            yield from _entry(row["id"], row["label"])


def iter_go_terms(text: str) -> Iterator[Entry]:
    """number, id, namespace, name; cellular components that are not obsolete. An alternative id has a row of its own
    with the same name: the first one is the term's."""
    seen = set()
    for line in text.splitlines():
        _, ext_id, namespace, name = line.split("\t")[:4]
        if namespace == "cellular component" and not name.startswith("obsolete") and name not in seen:
            seen.add(name)
            yield from _entry(ext_id, name)


def iter_taxa(text: str) -> Iterator[Entry]:
    """number, name, rank, parent."""
    for line in text.splitlines():
        number, name = line.split("\t")[:2]
        yield Entry(number, "NCBI taxon", "ORGANISM", name)


def iter_cellosaurus(text: str) -> Iterator[Entry]:
    for block in text.split("//\n"):
        fields = {line[:2]: line[5:].strip() for line in block.splitlines() if re.match(r"[A-Z]{2}   ", line)}
        if "ID" in fields and "AC" in fields:
            synonyms = tuple(s.strip() for s in fields.get("SY", "").split(";") if s.strip())
            yield from _entry(fields["AC"], fields["ID"], synonyms)


def find_reader(name: str, text: str) -> Callable[[str], Iterator[Entry]] | None:
    """The reader of a file, by its name and its first line; None for a format that is not known."""
    first = text[:4000].split("\n", 1)[0].split("\t")
    if name.endswith(".obo"):
        return iter_obo
    if first[0] == "#tax_id":
        return iter_gene_info
    if {"id", "name", "synonyms", "type"} <= set(first):
        return iter_table
    if first[:2] == ["id", "label"]:
        return iter_human_do
    if len(first) >= 4 and first[1].startswith("GO:"):
        return iter_go_terms
    if len(first) >= 4 and first[0].isdigit() and first[3].isdigit():
        return iter_taxa
    return iter_cellosaurus if "\nAC   CVCL_" in text else None


def read_ontology(name: str, data: bytes) -> list[Entry]:
    """All entries of a file. Errors: UsageError where it is of no known format or cannot be read."""
    try:
        inner, text = unpack(name, data)
        reader = find_reader(inner, text)
        if reader is not None:
            return list(reader(text))
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise UsageError(f"ontology {name} cannot be read: {error}") from error
    known = ".tsv (id, name, synonyms, type), .obo, gene_info, HumanDO, GO terms, NCBI taxa or Cellosaurus text"
    raise UsageError(f"ontology {name} is of no known format: {known}; each may be gzipped")
