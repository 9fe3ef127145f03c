"""Curator deliveries in the SourceData XML form, with the habits that make real ones hard to read.

The curator copied the legend by hand: other hyphens and spaces, no citations, now and then a closing sentence less.
Beside plain tags there are floating ones, phantoms, left-overs of machine pre-tagging, tags of time, nested tags and
several ids on one tag.
"""

from __future__ import annotations

import datetime as dt
import html
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipelines.sources.sample.grammar import Piece, Tag
from pipelines.sources.sample.vocabulary import CLASSES, Dice, Entity, Vocabulary, strip_markup
from pipelines.sources.sample.world import Article, Figure, Panel

_INLINE = {"sup": "sup", "sub": "sub", "i": "i", "b": "strong"}
_CATEGORIES = {"assay": "assay", "disease": "disease"}
#: The curator's hyphen, by document: as typed, as pasted, as an editor corrects it; with weights.
_HYPHENS = (("-", 80), ("‐", 10), ("–", 10))
#: Share of curated figures of which no panel was tagged.
_UNTAGGED_FIGURE = 0.05


@dataclass(frozen=True)
class Guideline:
    """What a delivery's curators annotate, and whether they give roles."""

    types: tuple[str, ...]
    has_roles: bool = True
    is_legacy: bool = False


@dataclass(frozen=True)
class Edition:
    """One curated state of an article: date and version as the curator states them; `fault` spoils the first tag."""

    date: dt.date
    version: int = 1
    fault: str = ""


class CurationWriter:
    """Writes the curation of one article."""

    def __init__(self, article: Article, vocabulary: Vocabulary, guideline: Guideline, edition: Edition) -> None:
        self.article, self.guideline, self.edition = article, guideline, edition
        self._pool = [e for name in CLASSES for e in vocabulary.classes[name] if e.label == "GENEPROD"]
        self.dice = Dice(f"curation:{article.doi}:{edition.version}")
        copying = Dice(f"copying:{article.doi}")  # equal in every edition: a new version changes tags, not the text
        self._copying = copying
        self._hyphen = copying.weighted(_HYPHENS)
        self._minus = copying.pick(["−", "-"])
        self._spells_greek = copying.chance(0.06)
        self._n_tags = 0
        self._fault = edition.fault  # spoils the first tag

    def _copied(self, text: str) -> str:
        """The text with this curator's hyphens, minus signs and Greek letters; citations left out."""
        text = text.replace("<cite/>", "").replace("-", self._hyphen).replace("~", " ").replace("−", self._minus)
        return text.replace("α", "alpha").replace("β", "beta") if self._spells_greek else text

    def _inline(self, text: str) -> str:
        text = self._copied(text)
        out = html.escape(text, quote=False)
        for short, name in _INLINE.items():
            out = out.replace(f"&lt;{short}&gt;", f"<{name}>").replace(f"&lt;/{short}&gt;", f"</{name}>")
        return out

    def _next_id(self) -> int:
        self._n_tags += 1
        return self._n_tags

    def _ids(self, entity: Entity, fault: str) -> dict[str, str]:
        """The parallel lists of a tag: mostly one id, sometimes those of two members of a family, sometimes none."""
        entities = [entity] if not self.dice.chance(0.04) else []
        if entities and entity.label == "GENEPROD" and self.dice.chance(0.05):
            entities.append(self.dice.pick(self._pool))
        ids = [e.ext_id for e in entities]
        if fault == "unequal_id_lists":
            ids = [entity.ext_id, "990000001", "990000002"]
        return {
            "ext_ids": "///".join(ids),
            "norm_text": "",
            "ext_dbs": "///".join(e.db for e in entities),
            "in_caption": "True",
            "ext_names": "///".join(strip_markup(e.forms[0]) for e in entities),
            "ext_tax_ids": "///".join(e.tax_id for e in entities) if entity.tax_id else "",
            "ext_tax_names": "///".join(e.tax_name for e in entities) if entity.tax_id else "",
            "ext_urls": "",
        }

    def _attributes(self, tag: Tag, text: str, fault: str = "") -> str:
        entity, shown = tag.entity, strip_markup(self._copied(text))
        category = "entity" if fault == "unknown_type" else _CATEGORIES.get(entity.raw, "entity")
        raw = entity.raw if category == "entity" else ""
        if self.guideline.is_legacy and raw == "cell_line" and self.dice.chance(0.3):
            raw = "cell"
        values = {
            "id": f"sdTag{self._next_id()}",
            "source": "sdapi",
            "category": category,
            "entity_type": "spaceship" if fault == "unknown_type" else raw,
            "role": tag.role if self.guideline.has_roles and category == "entity" else "",
            "text": shown.replace("-", "–") if self.dice.chance(0.1) else shown,
            **self._ids(entity, fault),
        }
        return " ".join(f'{name}="{html.escape(value, quote=True)}"' for name, value in values.items())

    def _tagged(self, piece: Piece, tag: Tag, fault: str) -> str:
        inner = self._inline(piece.text)
        if " " in piece.text and "<" not in inner and self.dice.chance(0.06):  # a tag inside the tag
            head, _, last = inner.rpartition(" ")
            inner = f"{head} <sd-tag {self._attributes(tag, last)}>{last}</sd-tag>"
        return f"<sd-tag {self._attributes(tag, piece.text, fault)}>{inner}</sd-tag>"

    def _is_annotated(self, piece: Piece) -> bool:
        return piece.tag is not None and piece.tag.entity.label in self.guideline.types

    def _revise(self, tag: Tag) -> Tag:
        """A second look: roles turn round in a part of the tags."""
        turned = {"intervention": "assayed", "assayed": "intervention"}
        if self.edition.version > 1 and self.dice.chance(0.3):
            return replace(tag, role=turned.get(tag.role, tag.role))
        return tag

    def _untagged(self, piece: Piece, *, is_tagged_panel: bool) -> str:
        text = self._inline(piece.text)
        if not is_tagged_panel or "<" in text:
            return text
        if " 24 h" in text and self.dice.chance(0.4):
            tag = f'<sd-tag id="sdTag{self._next_id()}" category="time" entity_type="" role="" text="24 h">'
            return text.replace("24 h", f"{tag}24 h</sd-tag>", 1)
        if " control" in text and self.dice.chance(0.1):
            pretag = f'<sd-pretag id="sdPretag{self._next_id()}" class="component molecule">control</sd-pretag>'
            return text.replace("control", pretag, 1)
        if "vehicle" in text and self.dice.chance(0.1):
            return text.replace("vehicle", f'<sd-tag id="sdTag{self._next_id()}">vehicle</sd-tag>', 1)
        return text

    def _floating(self, panel: Panel) -> str:
        """Sometimes a tag for something that the legend does not name."""
        if not self.dice.chance(0.04):
            return ""
        gene = self.dice.pick(self._pool)
        tag = self._attributes(Tag(gene, "component"), gene.forms[0]).replace('in_caption="True"', 'in_caption="False"')
        return f"<sd-tag {tag}></sd-tag>" if panel.is_tagged else ""

    def _pieces(self, panel: Panel) -> tuple[Piece, ...]:
        """The text as the curator copied it: now and then without its last sentence."""
        last = panel.pieces[-1]
        is_short = len(panel.pieces) > 3 and last.tag is None and panel.pieces[-2].text == " "
        return panel.pieces[:-2] if is_short and self._copying.chance(0.12) else panel.pieces

    def _marker(self, panel: Panel) -> str:
        letters = ", ".join(panel.letters)
        return f"<strong>{letters}</strong> " if panel.marker == letters else self._inline(panel.marker)

    def _panel(self, figure: Figure, n: int, *, is_tagged: bool) -> str:
        panel = figure.panels[n]
        out = [self._marker(panel)]
        for piece in self._pieces(panel):
            if is_tagged and piece.tag is not None and self._is_annotated(piece):
                out.append(self._tagged(piece, self._revise(piece.tag), self._fault))
                self._fault = ""
            else:
                out.append(self._untagged(piece, is_tagged_panel=is_tagged))
        if is_tagged:
            out.append(self._floating(panel))
        ident = 1000 * (self.article.index + 1) + 10 * figure.number + n
        graphic = f'<graphic href="https://example.org/sample?panel_id={ident}"/>'
        return f'<sd-panel panel_id="{ident}"><p>{"".join(out)}</p>{graphic}</sd-panel>'

    def _figure(self, figure: Figure) -> str:
        ident = 100 * (self.article.index + 1) + figure.number
        is_tagged = not self._copying.chance(_UNTAGGED_FIGURE) or figure.number == 1
        tagged = [is_tagged and panel.is_tagged for panel in figure.panels]
        if figure.number == 1:
            tagged[0] = True
        panels = "".join(self._panel(figure, n, is_tagged=tagged[n]) for n in range(len(figure.panels)))
        title = self._inline("".join(piece.text for piece in figure.title))
        return (
            f'<fig id="{ident}"><title>{title}</title><label>Figure {figure.number}</label>'
            f'<graphic href="https://example.org/sample?figure_id={ident}"/>{panels}</fig>'
        )

    def document(self) -> bytes:
        """The whole file in UTF-8; supplements are not curated."""
        figures = [f for f in self.article.figures if not f.supplement]
        abstract = html.escape(strip_markup(self.article.abstract), quote=True)
        stated = f'date="{self.edition.date.isoformat()}" version="{self.edition.version}" synthetic="true"'
        body = "".join(self._figure(figure) for figure in figures)
        return f'<article doi="{self.article.doi}" abstract="{abstract}" {stated}>{body}</article>\n'.encode()


def curation_name(article: Article) -> str:
    """File name as SourceData forms it: the DOI with "/" as "_" and "." as "-"."""
    return article.doi.replace("/", "_").replace(".", "-") + ".xml"


def write_curation(article: Article, vocabulary: Vocabulary, guideline: Guideline, edition: Edition) -> bytes:
    """The curation of one article as SourceData XML, UTF-8."""
    return CurationWriter(article, vocabulary, guideline, edition).document()


def write_delivery_note(sender: str, date: dt.date, *, review_stage: str, guideline: Guideline) -> bytes:
    """delivery.toml of one delivery."""
    types: Sequence[str] = [f'"{name}"' for name in guideline.types]
    lines = [
        "# Synthetic sample data, written by nightcap sample.",
        f'sender = "{sender}"', f"date = {date.isoformat()}", f'review_stage = "{review_stage}"',
        f"annotated_types = [{', '.join(types)}]", f"has_roles = {str(guideline.has_roles).lower()}",
        "synthetic = true", 'format = "sourcedata"',
    ]  # fmt: skip
    return ("\n".join(lines) + "\n").encode()
