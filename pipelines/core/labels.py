"""What curators' words mean here: types, roles, databases, and the types of other corpora.

The facts are in config/labels.toml; label sets by task in core/gold.py.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any


@dataclass(frozen=True)
class Database:
    """One database of ids: the form of a stored id, and the type of what it names (None where it names several)."""

    name: str
    entity_type: str | None
    pattern: re.Pattern[str]
    id_prefix: str = ""
    placeholders: frozenset[str] = frozenset()

    def normalise_id(self, text: str) -> str:
        """The id as stored: `CL_0000084`, `CL:0000084` and `0000084` are all `CL:0000084` of CL."""
        text = text.strip()
        if not self.id_prefix:
            return text
        bare = self.id_prefix[:-1]
        local = re.sub(rf"(?i)^{re.escape(bare)}[:_]", "", text)
        return f"{self.id_prefix}{local}" if local else ""

    def is_valid(self, ext_id: str) -> bool:
        """Whether a stored id has the form of this database; placeholders have it too."""
        return self.pattern.fullmatch(ext_id) is not None


@dataclass(frozen=True)
class LabelMap:
    """What the types of one corpus mean here. Keys are lower case: a type as delivered, or a whole id.

    `annotated_types` are those that its guideline covers: every other type is unlabelled in its texts. `databases`
    gives the database of ids that come without a prefix, by type as delivered.
    """

    name: str
    types: Mapping[str, str]
    annotated_types: tuple[str, ...]
    databases: Mapping[str, str]
    has_roles: bool = False


@dataclass(frozen=True)
class Labels:
    """All of labels.toml. Keys of the maps are lower case."""

    version: int
    roles: Mapping[str, str]
    roles_without_meaning: frozenset[str]
    types: Mapping[str, str]
    untyped: frozenset[str]
    categories: Mapping[str, str]
    entity_categories: frozenset[str]
    ignored_categories: frozenset[str]
    generic_terms: frozenset[str]
    origin_names: tuple[str, ...]
    machine_origins: frozenset[str]
    databases: Mapping[str, Database]
    maps: Mapping[str, LabelMap]

    def find_database(self, name: str) -> Database | None:
        """The database that a curator's name or id prefix stands for, e.g. "GO" or "Gene Ontology"."""
        return self.databases.get(name.strip().lower())

    def find_type(self, word: str) -> str | None:
        """Stored type for a curator's type word or a database's name; None where it is unknown."""
        word = word.strip().lower()
        if word in self.types:
            return self.types[word]
        database = self.databases.get(word)
        return database.entity_type if database else None

    def is_generic(self, text: str) -> bool:
        """True for words like "embryos" that later releases leave untagged: not trained on as entities."""
        return text.strip().lower() in self.generic_terms


def _databases(raw: Mapping[str, Mapping[str, Any]]) -> dict[str, Database]:
    out: dict[str, Database] = {}
    for name, entry in raw.items():
        database = Database(
            name=name,
            entity_type=entry.get("type"),
            pattern=re.compile(entry["pattern"]),
            id_prefix=entry.get("id_prefix", ""),
            placeholders=frozenset(entry.get("placeholders", ())),
        )
        out |= dict.fromkeys((name.lower(), *entry["aliases"]), database)
    return out


def _maps(raw: Mapping[str, Mapping[str, Any]]) -> dict[str, LabelMap]:
    return {
        name: LabelMap(
            name=name,
            types={k.lower(): v for k, v in entry["types"].items()},
            annotated_types=tuple(entry["annotated_types"]),
            databases={k.lower(): v for k, v in entry.get("databases", {}).items()},
            has_roles=bool(entry.get("has_roles", False)),
        )
        for name, entry in raw.items()
    }


def parse_labels(text: str) -> Labels:
    """Labels from TOML text; a missing key is a KeyError: the file ships with the package."""
    raw = tomllib.loads(text)
    return Labels(
        version=raw["version"],
        roles=raw["roles"],
        roles_without_meaning=frozenset(raw["role_rules"]["without_meaning"]),
        types=raw["types"],
        untyped=frozenset(raw["type_rules"]["untyped"]),
        categories=raw["categories"],
        entity_categories=frozenset(raw["category_rules"]["entity"]),
        ignored_categories=frozenset(raw["category_rules"]["ignored"]),
        generic_terms=frozenset(raw["generic_terms"]["words"]),
        origin_names=tuple(raw["origin"]["names"]),
        machine_origins=frozenset(raw["origin"]["machine"]),
        databases=_databases(raw["databases"]),
        maps=_maps(raw["maps"]),
    )


@cache
def load_labels() -> Labels:
    """The labels that ship with the package."""
    path = resources.files("pipelines") / "config" / "labels.toml"
    return parse_labels(path.read_text(encoding="utf-8"))
