"""Templates to text: slots of config/sample/templates.toml filled from the cast of an article.

A text is a list of pieces in the publisher's wording. Inline mark-up in a piece is `<sup>`, `<sub>`, `<i>`, `<b>` and
`<cite/>`; "~" is the space before a unit. What the curator tagged is part of a piece, not found again by search.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipelines.sources.sample.vocabulary import Dice, Entity, Vocabulary, load_config

_SLOT = re.compile(r"\{(?P<kind>[a-z_]+?)(?P<n>\d?)(?::(?P<word>\w+))?(?P<plain>\?)?(?:\.(?P<role>\w))?\}")
_PLAIN_WORD = re.compile(r"[a-z]{2,}(?=[ -]|$)")
_EITHER = re.compile(r"\{(?P<kinds>[a-z_]+\d(?:/[a-z_]+\d)+)(?P<role>\.\w)\}")
_ROLES = {
    "i": "intervention", "a": "assayed", "c": "component", "e": "experiment", "r": "reporter", "n": "normalizing",
    "": "",
}  # fmt: skip
_OTHER = {"intervention": "assayed", "assayed": "intervention", "component": "assayed"}
_MISSED = 0.05  # share of mentions that the curator overlooked
_TURNED = 0.04  # share of roles that the curator read the other way
_LOOSE = 0.2  # share of mentions before a loose word that took it into the tag


@dataclass(frozen=True)
class Tag:
    """What the curator said about a piece."""

    entity: Entity
    role: str


@dataclass(frozen=True)
class Piece:
    """A stretch of text in the publisher's wording."""

    text: str
    tag: Tag | None = None


@dataclass(frozen=True)
class Cast:
    """The entities that one article is about, by class of slot."""

    members: dict[str, tuple[Entity, ...]]
    relations: tuple[tuple[Entity, Entity], ...]
    form_no: int
    assays: dict[str, Entity]


class Scene:
    """Who plays which slot in one panel: {gene1} acts on {gene2} in the world, the rest is drawn once a panel."""

    def __init__(self, cast: Cast, dice: Dice) -> None:
        self.cast, self.dice = cast, dice
        first, second = dice.pick(cast.relations)
        others = [g for g in dice.shuffle(cast.members["gene"]) if g not in (first, second)]
        self._order = {kind: dice.shuffle(members) for kind, members in cast.members.items()}
        self._order["gene"] = [first, second, *others]

    def entity(self, kind: str, number: str, word: str | None) -> Entity:
        """Who plays a slot; an assay goes by its word, all else by its number (none is 1)."""
        if kind == "assay":
            return self.cast.assays[word or "western"]
        members = self._order[kind]
        return members[(int(number or "1") - 1) % len(members)]

    def form(self, entity: Entity) -> str:
        """The article keeps to one form of a name, most of the time."""
        forms = entity.forms
        if self.dice.chance(0.8):
            return forms[self.cast.form_no % len(forms)]
        return self.dice.pick(forms)


def _capitalise(form: str) -> str:
    return form[0].upper() + form[1:] if _PLAIN_WORD.match(form) else form


def _fill(match: re.Match[str], scene: Scene, *, is_first: bool) -> Piece:
    entity = scene.entity(match["kind"], match["n"], match["word"])
    form = scene.form(entity)
    form = _capitalise(form) if is_first else form
    is_tagged = match["plain"] is None and not scene.dice.chance(_MISSED)
    role = _ROLES[match["role"] or ""]
    role = _OTHER.get(role, role) if scene.dice.chance(_TURNED) else role
    return Piece(form, Tag(entity, role) if is_tagged else None)


def _take_loose_words(pieces: Sequence[Piece], dice: Dice) -> list[Piece]:
    """Now and then a curator takes the general word after a name into the tag."""
    words: list[str] = load_config("entities")["generated"]["loose_words"]
    out = list(pieces)
    for i in range(len(out) - 1):
        tag, text = out[i].tag, out[i + 1].text
        word = next((w for w in words if re.match(rf" {w}\b", text)), None)
        if tag is None or word is None or out[i + 1].tag is not None or not dice.chance(_LOOSE):
            continue
        out[i] = replace(out[i], text=f"{out[i].text} {word}")
        out[i + 1] = replace(out[i + 1], text=text[len(word) + 1 :])
    return [piece for piece in out if piece.text]


def expand(template: str, scene: Scene) -> list[Piece]:
    """One sentence from its template, as pieces; begins with a capital where a plain word stands first."""
    template = _EITHER.sub(lambda m: f"{{{scene.dice.pick(m['kinds'].split('/'))}{m['role']}}}", template)
    pieces: list[Piece] = []
    at = 0
    for match in _SLOT.finditer(template):
        if match.start() > at:
            pieces.append(Piece(template[at : match.start()]))
        pieces.append(_fill(match, scene, is_first=not pieces))
        at = match.end()
    if at < len(template):
        pieces.append(Piece(template[at:]))
    return _take_loose_words(pieces, scene.dice)


def plain(pieces: Sequence[Piece]) -> str:
    """The wording without tags, mark-up kept."""
    return "".join(piece.text for piece in pieces)


def join_sentences(sentences: Sequence[Sequence[Piece]]) -> tuple[Piece, ...]:
    """Sentences with one space between."""
    out: list[Piece] = []
    for sentence in sentences:
        if out and sentence:
            out.append(Piece(" "))
        out.extend(sentence)
    return tuple(out)


def _draw(vocabulary: Vocabulary, kind: str, extra: Sequence[Entity], dice: Dice, count: int) -> tuple[Entity, ...]:
    pool = vocabulary.classes[kind]
    drawn: list[Entity] = list(extra)
    while len(drawn) < count:
        entity = pool[dice.skewed(len(pool), _SKEW.get(kind, 1.3))]
        if entity not in drawn:
            drawn.append(entity)
    return tuple(drawn)


# Most articles are about mice, and about what many others are about.
_SKEW = {"organism": 2.6, "molecule": 2.0, "relation": 2.6}
_CAST_SIZES = {
    "molecule": 3, "cell_line": 2, "cell_type": 2, "tissue": 2, "organism": 1, "disease": 1, "subcellular": 3,
    "reporter": 1, "normalizer": 2, "vehicle": 1,
}  # fmt: skip


def make_cast(vocabulary: Vocabulary, extra: dict[str, list[Entity]], dice: Dice) -> Cast:
    """Draw the entities of one article; `extra` are those that no other article uses."""
    relations = [vocabulary.relations[dice.skewed(len(vocabulary.relations), _SKEW["relation"])] for _ in range(2)]
    own = extra.get("gene", [])
    if len(own) > 1:
        relations[1] = (own[0], own[1])
    genes = [*own, *(gene for pair in relations for gene in pair)]
    members = {kind: _draw(vocabulary, kind, extra.get(kind, []), dice, n) for kind, n in _CAST_SIZES.items()}
    members["gene"] = tuple(dict.fromkeys([*genes, *_draw(vocabulary, "gene", [], dice, 1)]))
    return Cast(members, tuple(relations), dice.below(6), vocabulary.assays)
