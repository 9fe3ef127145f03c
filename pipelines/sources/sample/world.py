"""The invented articles of the sample, as records: what the publisher prints and what the curator knows about it.

An article is made from the seed and its number alone (its own names apart, which are drawn in order), so that a
longer series of nights begins with the same files as a shorter one.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from pipelines.sources.sample.grammar import Cast, Piece, Scene, expand, join_sentences, make_cast, plain
from pipelines.sources.sample.vocabulary import Dice, Entity, invent, load_config, load_vocabulary

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#: Ways of naming panels on which a chain of letters finds the wrong panels, or none.
HARD_LAYOUTS = ("inner", "sequence", "lead", "mixed", "swapped", "sides", "announced", "bare")
_MIXED_MARKERS = ("{L}) ", "{L}, ", "({L}) ", "{L}. ")
#: A word that begins a sentence and is no name.
_CAPITALISED = re.compile(r"[A-Z][a-z]+(?=[ -]|$)")
_OWN_NAMES = {"gene": 0.6, "molecule": 0.5, "cell_line": 0.5, "disease": 0.3}


@dataclass(frozen=True)
class Panel:
    """One panel: `marker` is what announces it in the text (with its space), "" where a list label does."""

    letters: tuple[str, ...]
    marker: str
    pieces: tuple[Piece, ...]
    is_tagged: bool = True


@dataclass(frozen=True)
class Figure:
    """One figure; `ident` never changes while `number` does when a correction inserts a figure before it."""

    ident: str
    number: int
    title: tuple[Piece, ...]
    panels: tuple[Panel, ...]
    layout: str
    lead: tuple[Piece, ...] = ()
    tail: str = ""
    supplement: int = 0
    source_data: bool = False


@dataclass(frozen=True)
class Article:
    """One invented article. `preprint_doi` names its preprint where the publisher states it."""

    index: int
    doi: str
    pmcid: str | None
    style: str
    title: str
    abstract: str
    body: tuple[str, ...]
    pub_date: dt.date
    licence: str
    authors: tuple[str, ...]
    figures: tuple[Figure, ...]
    version: int = 1
    preprint_doi: str | None = None


def _lower_first(pieces: Sequence[Piece]) -> list[Piece]:
    """The sentence with a small first letter, unless a name stands first."""
    first = pieces[0]
    is_name = first.tag is not None and first.tag.entity.label not in ("EXP_ASSAY", "CELL_TYPE", "SUBCELLULAR")
    if is_name or not _CAPITALISED.match(first.text):
        return list(pieces)
    return [replace(first, text=first.text[0].lower() + first.text[1:]), *pieces[1:]]


def _end_with(pieces: Sequence[Piece], mark: str) -> list[Piece]:
    last = pieces[-1]
    return [*pieces[:-1], replace(last, text=last.text.rstrip(".") + mark)]


class FigureMaker:
    """Writes the figures of one article."""

    def __init__(self, cast: Cast, style: str, dice: Dice) -> None:
        self.cast, self.dice = cast, dice
        self.style: dict[str, Any] = load_config("styles")[style]
        self.templates = load_config("templates")

    def _line(self, section: str, scene: Scene, **letters: str) -> list[Piece]:
        template = self.dice.pick(self.templates[section]["lines"])
        for name, letter in letters.items():
            template = template.replace("{" + name + "}", letter)
        return expand(template, scene)

    def _sentences(self, scene: Scene) -> list[list[Piece]]:
        out = [self._line("opening", scene)]
        out += [self._line("follow", scene) for _ in range(self.dice.weighted([(0, 30), (1, 45), (2, 25)]))]
        if self.dice.chance(0.5):
            out.append(self._line("closing", scene))
        return [s if s[-1].text.endswith((".", "?", ")")) else _end_with(s, ".") for s in out]

    def _letter_groups(self, n: int, *, is_joined: bool) -> list[tuple[str, ...]]:
        groups: list[tuple[str, ...]] = []
        at = 0
        for _ in range(n):
            width = 2 if is_joined and self.dice.chance(0.08) else 1
            groups.append(tuple(LETTERS[at : at + width]))
            at += width
        return groups

    def _markers(self, layout: str, groups: Sequence[tuple[str, ...]]) -> list[str]:
        forms = {"sequence": "({L}) ", "lead": "<b>{L}</b> ", "inner": "(<b>{L}</b>) ", "bare": "{l} "}
        if layout == "sides":
            return list(self.templates["sides"][f"n{len(groups)}"])
        if layout == "announced":
            patterns = [self.dice.pick(self.templates["announced"]["lines"]) for _ in groups]
        elif layout == "mixed":
            patterns = [self.dice.pick(_MIXED_MARKERS) for _ in groups]
        else:
            patterns = [forms.get(layout, self.style["marker"])] * len(groups)
        joined = [", ".join(group) for group in groups]
        return [p.replace("{L}", g).replace("{l}", g.lower()) for p, g in zip(patterns, joined, strict=True)]

    def _add_decoy(self, layout: str, sentences: list[list[list[Piece]]], groups: Sequence[tuple[str, ...]]) -> None:
        at = self.dice.below(max(1, len(groups) - 2)) if layout == "sequence" else self.dice.below(len(groups))
        scene = Scene(self.cast, self.dice)
        if layout == "inner":
            sentences[at].append(self._line("inner", scene))
        elif layout == "sequence":
            following = [letter for group in groups[at + 1 :] for letter in group] + ["X", "Y"]
            sentences[at].append(self._line("sequence", scene, M=following[0], N=following[1]))

    def panels(self, layout: str, n: int) -> tuple[Panel, ...]:
        """n panels named in the way of the layout; some are left untagged by the curator."""
        groups = self._letter_groups(n, is_joined=layout not in HARD_LAYOUTS)
        sentences = [self._sentences(Scene(self.cast, self.dice)) for _ in groups]
        self._add_decoy(layout, sentences, groups)
        markers = self._markers(layout, groups)
        if layout == "swapped":
            markers[1], markers[2] = markers[2], markers[1]
            groups[1], groups[2] = groups[2], groups[1]
        out = []
        for i, (group, marker, lines) in enumerate(zip(groups, markers, sentences, strict=True)):
            if layout in ("sides", "announced", "bare"):
                lines[0] = _lower_first(lines[0])
            if layout == "bare" and i < len(groups) - 1:
                lines[-1] = _end_with(lines[-1], ";")
            out.append(Panel(group, marker, join_sentences(lines), not self.dice.chance(0.1)))
        return tuple(out)

    def _pick_layout(self) -> tuple[str, int]:
        shares: dict[str, int] = self.templates["layouts"]
        layout = self.dice.weighted([*shares.items(), ("standard", 100 - sum(shares.values()))])
        least = {"inner": 2, "sequence": 3, "swapped": 3}.get(layout, 2)
        most = 2 if layout == "inner" else 5
        return layout, least + self.dice.below(most - least + 1)

    def figure(self, ident: str, number: int, *, supplement: int = 0) -> Figure:
        """One figure with a layout drawn by its share."""
        scene = Scene(self.cast, self.dice)
        title = self._line("title", scene)
        layout, n = self._pick_layout()
        lead = self._line("lead", scene) if layout == "lead" else []
        if not self.style["title"]:
            title, lead = [], [*_end_with(title, "."), *([Piece(" ")] if lead else []), *lead]
        tail = self.dice.pick(self.templates["publisher"]["tail"])
        source_data = self.style["figures"] == "group" and self.dice.chance(0.4)
        panels = self.panels(layout, n)
        return Figure(ident, number, tuple(title), panels, layout, tuple(lead), tail, supplement, source_data)

    def figures(self, ident: str) -> tuple[Figure, ...]:
        """Two to four figures; the eLife-like style adds a supplement to some."""
        out = []
        for number in range(1, 3 + self.dice.below(3)):
            out.append(self.figure(f"{ident}.{number}", number))
            if self.style["figures"] == "group" and self.dice.chance(0.3):
                out.append(self.figure(f"{ident}.{number}s1", number, supplement=1))
        return tuple(out)


class World:
    """Articles by number, made in order from a seed."""

    def __init__(self, seed: int, first_night: dt.date) -> None:
        self.seed, self.first_night = seed, first_night
        self.vocabulary, self._namer = load_vocabulary(seed)
        self._n_invented = 500
        self.articles: list[Article] = []
        self._casts: list[Cast] = []

    def _own_entities(self, dice: Dice) -> dict[str, list[Entity]]:
        """Names that no other article uses: what a tagger cannot know by heart."""
        own: dict[str, list[Entity]] = {}
        for kind, share in _OWN_NAMES.items():
            if dice.chance(share):
                own[kind] = [self._invent(kind, dice) for _ in range(2 if kind == "gene" else 1)]
        return own

    def _invent(self, kind: str, dice: Dice) -> Entity:
        self._n_invented += 1
        return invent(kind, self._n_invented, dice=dice, namer=self._namer, is_listed=False)

    def article(self, index: int) -> Article:
        """Article number `index`; makes those before it first."""
        while len(self.articles) <= index:
            self._add(len(self.articles))
        return self.articles[index]

    def _add(self, index: int) -> None:
        dice = Dice(f"article:{self.seed}:{index}")
        styles = load_config("styles")
        style = dice.weighted([(name, s["weight"]) for name, s in styles.items()])
        cast = make_cast(self.vocabulary, self._own_entities(dice), dice)
        self._casts.append(cast)
        self.articles.append(self._write(index, style, cast, dice))

    def _write(self, index: int, style: str, cast: Cast, dice: Dice) -> Article:
        templates, config = load_config("templates"), load_config("styles")[style]
        figures = FigureMaker(cast, style, dice).figures(f"{index:05d}")

        def text(template: str) -> str:
            return plain(expand(template, Scene(cast, dice)))

        return Article(
            index=index,
            doi=f"10.5555/nightcap.{config['prefix']}.{index}",
            pmcid=None if style == "biorxiv" or dice.chance(0.2) else f"PMC{99000000 + index}",
            style=style,
            title=text(dice.pick(templates["title"]["lines"])).rstrip("."),
            abstract=text(dice.pick(templates["article"]["abstract"])),
            body=tuple(text(line) for line in dice.shuffle(templates["article"]["body"])[:2]),
            pub_date=self.first_night - dt.timedelta(days=20 + dice.below(900)),
            licence=dice.pick(config["licence"]),
            authors=tuple(dice.shuffle(templates["article"]["surnames"])[:3]),
            figures=figures,
        )

    def extra_figure(self, index: int) -> Figure:
        """A figure that a correction adds to an article."""
        dice = Dice(f"extra:{self.seed}:{index}")
        article = self.article(index)
        return FigureMaker(self._casts[index], article.style, dice).figure(f"{index:05d}.new", 2)

    def preprint_of(self, index: int) -> Article:
        """The preprint of an article: the same figures in another publisher's hands, no PMC id."""
        article = self.article(index)
        doi = f"10.5555/nightcap.preprint.{900000 + index}"
        marker = load_config("styles")["biorxiv"]["marker"]
        figures = tuple(_restyle(f, marker) for f in article.figures if not f.supplement)
        earlier = article.pub_date - dt.timedelta(days=120)
        return replace(article, doi=doi, pmcid=None, style="biorxiv", pub_date=earlier, licence="", figures=figures)


def _restyle(figure: Figure, marker: str) -> Figure:
    if figure.layout != "standard":
        return replace(figure, tail="", source_data=False)
    panels = tuple(replace(p, marker=marker.replace("{L}", ", ".join(p.letters))) for p in figure.panels)
    return replace(figure, panels=panels, tail="", source_data=False)


def insert_figure(article: Article, new: Figure) -> Article:
    """The corrected article: `new` stands as Figure 2, what was Figure 2 is Figure 3, and so on."""
    before = tuple(f for f in article.figures if f.number < new.number)
    after = tuple(replace(f, number=f.number + 1) for f in article.figures if f.number >= new.number)
    return replace(article, figures=(*before, new, *after), version=article.version + 1)
