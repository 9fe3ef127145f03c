"""The entities of the sample world: nomenclature from config/sample/entities.toml, and names invented from a seed.

Every random decision of the sample goes through `Dice`, which uses nothing of `random` but `Random.random()`: Python
promises its sequence for a seed, and promises no other method's.
"""

from __future__ import annotations

import random
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any, TypeVar

T = TypeVar("T")

#: Classes of entities.toml with plain entries, in the order in which they are read.
CLASSES = (
    "subcellular", "cell_type", "tissue", "organism", "disease", "molecule", "cell_line", "gene", "reporter",
    "normalizer", "vehicle",
)  # fmt: skip
_GENERATED = {"gene": "genes", "molecule": "molecules", "cell_line": "cell_lines", "disease": "diseases"}
_MARKUP = re.compile(r"</?(?:sup|sub|i|b)>")


class Dice:
    """Random decisions that are equal on every machine for equal seed text."""

    def __init__(self, seed: str) -> None:
        self._next = random.Random(seed).random

    def chance(self, probability: float) -> bool:
        """True with this probability."""
        return self._next() < probability

    def below(self, n: int) -> int:
        """An integer from 0 to n - 1."""
        return int(self._next() * n)

    def skewed(self, n: int, power: float = 1.7) -> int:
        """An integer from 0 to n - 1, small ones more often."""
        return int(n * self._next() ** power)

    def pick(self, items: Sequence[T]) -> T:
        """One of the items, each as likely."""
        return items[self.below(len(items))]

    def shuffle(self, items: Sequence[T]) -> list[T]:
        """The items in another order; the argument stays as it is."""
        pool = list(items)
        return [pool.pop(self.below(len(pool))) for _ in range(len(pool))]

    def weighted(self, items: Sequence[tuple[T, int]]) -> T:
        """One of the items, as likely as its weight says."""
        at = self._next() * sum(weight for _, weight in items)
        for item, weight in items:
            at -= weight
            if at < 0:
                return item
        return items[-1][0]


@cache
def load_config(name: str) -> dict[str, Any]:
    """config/sample/<name>.toml, read once; callers do not change it."""
    text = (resources.files("pipelines") / "config" / "sample" / f"{name}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def strip_markup(text: str) -> str:
    """The text as a dictionary prints it, without inline mark-up."""
    return _MARKUP.sub("", text)


@dataclass(frozen=True)
class Entity:
    """One thing of the world. `forms` are its names in texts (with inline mark-up), the first is the dictionary's;
    `raw` is the curators' word for its type, `is_listed` says whether the dictionaries of the sample know it."""

    label: str
    raw: str
    db: str
    ext_id: str
    forms: tuple[str, ...]
    tax_id: str = ""
    tax_name: str = ""
    is_listed: bool = True


@dataclass(frozen=True)
class Vocabulary:
    """All entities by class, assays by the word a template asks with, and which gene product acts on which."""

    classes: dict[str, tuple[Entity, ...]]
    assays: dict[str, Entity]
    relations: tuple[tuple[Entity, Entity], ...] = field(default=())

    def listed(self) -> list[Entity]:
        """Entities of the dictionaries, each once."""
        entities = [e for name in CLASSES for e in self.classes[name]] + list(self.assays.values())
        return [e for e in entities if e.is_listed]


class Namer:
    """Invents names that no entity has yet; all of one kind look alike, and some of two kinds do."""

    def __init__(self, dice: Dice, config: dict[str, Any]) -> None:
        self._dice, self._config, self._taken = dice, config, set[str]()

    def _fresh(self, name: str) -> str:
        base, n = name, 2
        while name.lower() in self._taken:
            name, n = f"{base}{n}", n + 1
        self._taken.add(name.lower())
        return name

    def _root(self) -> str:
        heads: list[str] = self._config["heads"]
        middles: list[str] = self._config["middles"]
        return self._dice.pick(heads) + self._dice.pick(middles)

    def _code(self) -> str:
        """A name of capitals and digits, as genes, cell lines and compounds all have them."""
        dice = self._dice
        joint = dice.pick(["-", "", ""])
        return f"{dice.pick(self._config['line_letters'])}{joint}{dice.pick(['', '', 'R', 'T'])}{1 + dice.below(398)}"

    def _word(self) -> str:
        """A lower-case name that may be a protein's or a drug's."""
        return self._root().lower() + self._dice.pick(["in", "an", "ulin", "osin", "in", "ostatin"])

    def gene(self) -> tuple[str, ...]:
        """Forms of a gene product: a symbol in several spellings, a code, or a word."""
        dice = self._dice
        kind = dice.weighted([("word", 15), ("both", 10), ("code", 20), ("symbol", 55)])
        if kind in ("word", "both"):
            word = self._root().lower() + dice.pick(self._config["word_endings"])
            return (self._fresh(word if kind == "word" else self._word()),)
        if kind == "code":
            return (self._fresh(self._code()),)
        name = self._fresh(self._root() + dice.pick(["", "1", "2", "3", "7", "A", "B", "12"]))
        other = dice.pick([name + "p", f"p{20 + dice.below(160)}", "h" + name.upper(), name.lower()])
        return (name.upper(), name, other)

    def molecule(self) -> tuple[str, ...]:
        """Forms of a small molecule: a drug's name, or a compound's number."""
        dice = self._dice
        kind = dice.weighted([("number", 25), ("code", 15), ("both", 20), ("drug", 40)])
        if kind == "number":
            name = f"{dice.pick(self._config['code_letters'])}-{100 + dice.below(9000)}"
            return (self._fresh(name), name.replace("-", ""))
        if kind == "code":
            return (self._fresh(self._code()),)
        drug = self._root().lower() + dice.pick(["a", "e", "o"]) + dice.pick(self._config["drug_endings"])
        return (self._fresh(drug if kind == "drug" else self._word()),)

    def cell_line(self) -> tuple[str, ...]:
        """The form of a cell line."""
        return (self._fresh(self._code() if self._dice.chance(0.8) else self._root().upper() + "-1"),)

    def disease(self) -> tuple[str, ...]:
        """Forms of a disease: its name and an abbreviation."""
        root = self._root()
        name = self._fresh(root.lower() + self._dice.pick(self._config["disease_endings"]))
        return (name, root.upper() + "D")


def _parse_entry(entry: str, section: dict[str, Any], dice: Dice) -> Entity:
    ext_id, _, forms = entry.partition(" = ")
    raw = dice.pick(section["raw"])
    names = tuple(form.strip() for form in forms.split("|"))
    return Entity(section["label"], raw, section["db"], ext_id, names)


def _invented_id(kind: str, n: int, raw: str) -> tuple[str, str]:
    """(database, id) of an invented entity: shaped as the database's ids are, far from the ids in use."""
    letter = chr(ord("Z") - n // 1000)
    if kind == "gene":
        accession = f"A0A999{letter}{n % 1000:03d}"
        return ("Uniprot", accession) if raw == "protein" else ("NCBI gene", str(990000000 + n))
    patterns = {"molecule": ("ChEBI", f"CHEBI:99{n:05d}"), "cell_line": ("CVCL", f"CVCL_{letter}{n % 1000:03d}"),
                "disease": ("DOID", f"DOID:99{n:05d}"), "subcellular": ("Gene Ontology", f"GO:99{n:05d}")}  # fmt: skip
    return patterns[kind]


def invent(kind: str, n: int, *, dice: Dice, namer: Namer, is_listed: bool = True) -> Entity:
    """Entity number n of a class, with a new name; n below 26,000."""
    config = load_config("entities")
    raw = dice.pick(config[kind]["raw"])
    db, ext_id = _invented_id(kind, n, raw)
    forms: tuple[str, ...] = getattr(namer, kind)()
    tax_id, _, tax_name = dice.pick(config["generated"]["tax"]).partition(" = ") if kind == "gene" else ("", "", "")
    return Entity(config[kind]["label"], raw, db, ext_id, forms, tax_id, tax_name, is_listed)


def _share_name(first: Entity, kind: str, n: int) -> Entity:
    config = load_config("entities")
    raw = config[kind]["raw"][0]
    db, ext_id = _invented_id(kind, n, raw)
    name = strip_markup(first.forms[0])
    forms = (name, f"{name} complex") if kind == "subcellular" else (name,)
    return Entity(config[kind]["label"], raw, db, ext_id, forms)


def _add_shared_names(classes: dict[str, list[Entity]], pairs: Sequence[str]) -> None:
    for n, pair in enumerate(pairs):
        first, second = pair.split()
        source = [e for e in classes[first] if e.label == load_config("entities")[first]["label"]][-(3 * n + 5)]
        classes[second].append(_share_name(source, second, 100 + n))


def _make_relations(genes: Sequence[Entity], dice: Dice) -> tuple[tuple[Entity, Entity], ...]:
    pairs = []
    for i, gene in enumerate(genes):
        target = genes[(i + 1 + dice.below(len(genes) - 1)) % len(genes)]
        pairs.append((gene, target))
    return tuple(pairs)


def load_vocabulary(seed: int) -> tuple[Vocabulary, Namer]:
    """The world's vocabulary for a seed, and the namer that invented it (for names that one article alone uses)."""
    config = load_config("entities")
    dice = Dice(f"vocabulary:{seed}")
    namer = Namer(dice, config["generated"])
    classes = {name: [_parse_entry(e, config[name], dice) for e in config[name]["entries"]] for name in CLASSES}
    for kind, count in _GENERATED.items():
        for n in range(config["generated"][count]):
            classes[kind].append(invent(kind, n + 200, dice=dice, namer=namer, is_listed=not dice.chance(0.12)))
    _add_shared_names(classes, config["generated"]["shared"])
    assays = {word: _parse_entry(entry, config["assay"], dice) for word, entry in config["assay"]["entries"].items()}
    relations = _make_relations(classes["gene"], dice)
    return Vocabulary({name: tuple(entities) for name, entities in classes.items()}, assays, relations), namer
