"""JATS in the manner of several publishers: each imitates one's label, marker, place of figures and citation form."""

from __future__ import annotations

import datetime as dt
import html
from collections.abc import Iterable, Sequence
from itertools import cycle
from typing import Any

from pipelines.sources.sample.grammar import Piece, plain
from pipelines.sources.sample.vocabulary import load_config
from pipelines.sources.sample.world import Article, Figure, Panel

_NAMESPACES = 'xmlns:mml="http://www.w3.org/1998/Math/MathML" xmlns:xlink="http://www.w3.org/1999/xlink"'
_INLINE = {"sup": "sup", "sub": "sub", "i": "italic", "b": "bold"}
_CC = "http://creativecommons.org/"
_LICENCES = {
    "CC BY": ("Creative Commons Attribution License", f"{_CC}licenses/by/4.0/"),
    "CC BY-NC": ("Creative Commons Attribution-NonCommercial License", f"{_CC}licenses/by-nc/4.0/"),
    "CC0": ("Creative Commons Public Domain Dedication", f"{_CC}publicdomain/zero/1.0/"),
}
_SYNTHETIC = (
    "<custom-meta-group><custom-meta><meta-name>nightcap-synthetic</meta-name><meta-value>true</meta-value>"
    "</custom-meta></custom-meta-group>"
)


def _attr(text: str) -> str:
    return html.escape(text, quote=True)


def _day(date: dt.date) -> str:
    return f"<day>{date.day}</day><month>{date.month}</month><year>{date.year}</year>"


class JatsWriter:
    """Writes one article; counts its citations as it goes."""

    def __init__(self, article: Article) -> None:
        self.article = article
        self.style: dict[str, Any] = load_config("styles")[article.style]
        self._numbers = cycle(range(1, len(article.authors) + 1))

    def inline(self, text: str) -> str:
        """Inline mark-up of a piece as JATS, set with this publisher's hyphen, unit space and citations."""
        text = text.replace("-", self.style["hyphen"]).replace("~", self.style["unit_space"])
        out = html.escape(text, quote=False)
        for short, name in _INLINE.items():
            out = out.replace(f"&lt;{short}&gt;", f"<{name}>").replace(f"&lt;/{short}&gt;", f"</{name}>")
        while "&lt;cite/&gt;" in out:
            out = out.replace("&lt;cite/&gt;", self._citation(), 1)
        return out

    def _citation(self) -> str:
        number = next(self._numbers)
        form: str = self.style["cite"]
        form = form.replace("{k}", str(number)).replace("{author}", self.article.authors[number - 1])
        form = form.replace("{year}", str(self.article.pub_date.year - number)).replace("<i>", "<italic>")
        form = form.replace("</i>", "</italic>").replace("</x>", "</xref>")
        return form.replace("<x>", f'<xref ref-type="bibr" rid="B{number}">')

    def _text(self, pieces: Iterable[Piece]) -> str:
        return self.inline(plain(list(pieces)))

    def _figure_id(self, figure: Figure) -> str:
        suffix = f"s{figure.supplement}" if figure.supplement else ""
        forms = {"object-id": f"g{figure.number:03d}", "floats": f"F{figure.number}", "list": f"f-{figure.number:04d}"}
        return forms.get(self.style["figures"], f"fig{figure.number}{suffix}")

    def _label(self, figure: Figure) -> str:
        if figure.supplement:
            return f"<label>Figure {figure.number}—figure supplement {figure.supplement}.</label>"
        label: str = self.style["label"].replace("{n}", str(figure.number))
        return f"<label>{label}</label>" if label else ""

    def _panel(self, panel: Panel) -> str:
        return self.inline(panel.marker) + self._text(panel.pieces)

    def _list_item(self, panel: Panel) -> str:
        label = ", ".join(panel.letters)
        return f"<list-item><label>{label}</label><p>{self._text(panel.pieces)}</p></list-item>"

    def _caption(self, figure: Figure) -> str:
        title = f"<title>{self._text(figure.title)}</title>" if figure.title else ""
        lead = self._text(figure.lead)
        if self.style["figures"] == "list" and figure.layout in ("standard", "swapped"):
            items = "".join(self._list_item(p) for p in figure.panels)
            body = f'<p>{lead}<list list-type="order">{items}</list></p>'
        else:
            body = f"<p>{' '.join([lead, *(self._panel(p) for p in figure.panels)]).strip()}</p>"
        tail = f"<p>{figure.tail}</p>" if figure.tail else ""
        return f"<caption>{title}{body}{tail}{self._source_data(figure)}</caption>"

    def _source_data(self, figure: Figure) -> str:
        """A file with a caption of its own inside the figure's caption, which is no part of the legend."""
        if not figure.source_data:
            return ""
        return (
            f'<p><supplementary-material id="{self._figure_id(figure)}sd1"><label>Figure {figure.number}—source data 1.'
            "</label><caption><title>Source values.</title><p>(A) Values behind the graphs; (B) counts by group."
            f'</p></caption><media mimetype="application" xlink:href="{figure.ident}-data1.csv"/>'
            "</supplementary-material></p>"
        )

    def figure(self, figure: Figure) -> str:
        """One <fig> element."""
        ident = self._figure_id(figure)
        extra = ' specific-use="child-fig"' if figure.supplement else ""
        has_object_id = self.style["figures"] in ("object-id", "group")
        doi = f'<object-id pub-id-type="doi">{self.article.doi}.{ident}</object-id>' if has_object_id else ""
        graphic = f'<graphic mimetype="image" xlink:href="nightcap-{figure.ident}.tif"/>'
        content = f"{doi}{self._label(figure)}{self._caption(figure)}{graphic}"
        return f'<fig id="{ident}" position="float"{extra}>{content}</fig>'

    def _figures(self) -> list[str]:
        """The figures in order; a figure and its supplements in one <fig-group>."""
        out: list[str] = []
        for figure in self.article.figures:
            if figure.supplement and out:
                out[-1] = f"<fig-group>{out[-1]}{self.figure(figure)}</fig-group>"
            else:
                out.append(self.figure(figure))
        return out

    def _front(self) -> str:
        article, style = self.article, self.style
        ids = f'<article-id pub-id-type="doi">{article.doi}</article-id>'
        if article.pmcid:
            ids += f'<article-id pub-id-type="pmc">{article.pmcid.removeprefix("PMC")}</article-id>'
        version = f"<article-version>{article.version}</article-version>" if article.version > 1 else ""
        authors = "".join(
            f'<contrib contrib-type="author"><name><surname>{a}</surname><given-names>Sample</given-names></name>'
            "</contrib>"
            for a in article.authors
        )
        related = related_article("preprint", article.preprint_doi) if article.preprint_doi else ""
        return (
            f"<front>{_journal(style)}<article-meta>{ids}{version}<title-group><article-title>"
            f"{self.inline(article.title)}</article-title></title-group>"
            f'<contrib-group>{authors}</contrib-group><pub-date pub-type="epub">'
            f"{_day(article.pub_date)}</pub-date>{self._permissions()}{related}<abstract><p>{self.inline(article.abstract)}"
            f"</p></abstract>{_SYNTHETIC}</article-meta></front>"
        )

    def _permissions(self) -> str:
        year = self.article.pub_date.year
        head = f"<copyright-statement>© {year} Nightcap Sample Press (synthetic)</copyright-statement>"
        licence = ""
        if self.article.licence:
            name, url = _LICENCES[self.article.licence]
            licence = (
                f'<license license-type="open-access" xlink:href="{url}"><license-p>This is an open-access article '
                f"under the terms of the {name}.</license-p></license>"
            )
        return f"<permissions>{head}<copyright-year>{year}</copyright-year>{licence}</permissions>"

    def _back(self) -> str:
        year = self.article.pub_date.year
        refs = "".join(
            f'<ref id="B{n}"><mixed-citation>{author} S. An invented reference. Sample J. {year - n}.'
            "</mixed-citation></ref>"
            for n, author in enumerate(self.article.authors, start=1)
        )
        return f"<back><ref-list>{refs}</ref-list></back>"

    def document(self) -> bytes:
        """The whole file in UTF-8."""
        figures = self._figures()
        is_floating = self.style["figures"] == "floats"
        texts = "".join(f"<p>{self.inline(text)}</p>" for text in self.article.body)
        body = f"<body><sec><title>Results</title>{texts}{'' if is_floating else ''.join(figures)}</sec></body>"
        floats = f"<floats-group>{''.join(figures)}</floats-group>" if is_floating else ""
        return _document(self.style, "research-article", self._front() + body + self._back() + floats)


def _journal(style: dict[str, Any]) -> str:
    return (
        f'<journal-meta><journal-id journal-id-type="publisher-id">{style["prefix"]}</journal-id><journal-title-group>'
        f"<journal-title>{_attr(style['journal'])}</journal-title></journal-title-group><publisher><publisher-name>"
        f"{_attr(style['publisher'])}</publisher-name></publisher></journal-meta>"
    )


def _document(style: dict[str, Any], article_type: str, content: str) -> bytes:
    head = f'<?xml version="1.0" encoding="UTF-8"?>\n{style["doctype"]}\n'
    root = f'<article {_NAMESPACES} article-type="{article_type}" xml:lang="en">'
    return f"{head}{root}{content}</article>\n".encode()


def related_article(kind: str, doi: str) -> str:
    """The element that ties a notice, or an article with a preprint, to another document."""
    return f'<related-article id="ra1" related-article-type="{kind}" ext-link-type="doi" xlink:href="{doi}"/>'


def write_article(article: Article) -> bytes:
    """One article as JATS, UTF-8."""
    return JatsWriter(article).document()


def write_notice(article: Article, *, kind: str, number: int, date: dt.date, reason: Sequence[str]) -> bytes:
    """A notice (`correction` or `retraction`) about an article, as a JATS article of its own without figures."""
    style = load_config("styles")[article.style]
    writer = JatsWriter(article)
    relation = {"correction": "corrected-article", "retraction": "retracted-article"}[kind]
    title = f"{kind.capitalize()}: {writer.inline(article.title)}"
    body = "".join(f"<p>{writer.inline(line)}</p>" for line in reason)
    front = (
        f'<front>{_journal(style)}<article-meta><article-id pub-id-type="doi">10.5555/nightcap.notice.{number:05d}'
        f"</article-id><title-group><article-title>{title}</article-title></title-group>"
        f'<pub-date pub-type="epub">{_day(date)}</pub-date>{related_article(relation, article.doi)}{_SYNTHETIC}'
        "</article-meta></front>"
    )
    return _document(style, kind, f"{front}<body>{body}</body>")
