"""Identity of documents and figures (architecture, section 5)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from pipelines.core.hashing import sha256_text
from pipelines.core.records import DocIds

_DOI = re.compile(r"10\.\d{4,9}/\S+")
_ROMAN = re.compile(r"^[ivxlc]+$")
_SAME_FIGURE = 0.6
#: Most old figures under one label that a new one is compared with; real documents have one or two.
MAX_ALIKE = 20


def normalise_doi(text: str | None) -> str | None:
    """Lower-case DOI without resolver prefix; None where the text holds no DOI (e.g. "empty")."""
    match = _DOI.search((text or "").strip().lower())
    return match.group(0).rstrip(".;,") if match else None


def normalise_pmcid(text: str | None) -> str | None:
    """`PMC` and digits, from `PMC123`, `pmc123` or `123`; None otherwise."""
    match = re.fullmatch(r"(?:pmc)?0*(\d+)(?:\.\d+)?", (text or "").strip().lower())
    return f"PMC{match.group(1)}" if match else None


def normalise_pmid(text: str | None) -> str | None:
    match = re.fullmatch(r"(?:pmid:)?0*(\d+)", (text or "").strip().lower())
    return match.group(1) if match and match.group(1) != "0" else None


def aliases_of(ids: DocIds, source: str) -> tuple[str, ...]:
    """Ids in the form of doc_id, best first: DOI, pmc:, pmid:, <source>:<local id>."""
    out = []
    if doi := normalise_doi(ids.doi):
        out.append(doi)
    if pmcid := normalise_pmcid(ids.pmcid):
        out.append(f"pmc:{pmcid[3:]}")
    if pmid := normalise_pmid(ids.pmid):
        out.append(f"pmid:{pmid}")
    if ids.local_id:
        out.append(f"{source}:{ids.local_id}")
    return tuple(out)


def doc_id_for(ids: DocIds, source: str, sha256: str) -> str:
    """The identity a document gets at first sight; `sha:<16 hex>` of its content where it names itself by nothing."""
    aliases = aliases_of(ids, source)
    return aliases[0] if aliases else f"sha:{sha256[:16]}"


def split_figure_id(figure_id: str) -> tuple[str, str]:
    """(doc_id, key). A DOI may hold a #, a key never does."""
    doc_id, _, key = figure_id.rpartition("#")
    return doc_id, key


def normalise_alias(text: str) -> str:
    """What a person types (DOI, URL, PMC123, pmid:1) in the form of doc_id."""
    text = text.strip()
    if doi := normalise_doi(text):
        return doi
    if re.fullmatch(r"(?i)pmc\d+(\.\d+)?", text):
        return f"pmc:{(normalise_pmcid(text) or '')[3:]}"
    return text.lower() if re.match(r"(?i)(pmc|pmid):", text) else text


def figure_key(label: str | None, position: int) -> str:
    """Key from a printed label: "Figure 3" and "Fig. 3" give fig-3, "Figure 3—figure supplement 1." fig-3-s1,
    "Scheme 2" scheme-2; no label gives pos-<n>, n from 1."""
    text = (label or "").lower().replace("—", " ").replace("–", " ").replace("-", " ")
    text = re.sub(r"figure supplement|supplement(?:al|ary)?(?= \d)", " s ", text)
    text = re.sub(r"supplement(?:al|ary)?", " s ", text)
    words = re.findall(r"[^\W\d_]+|\d+", text)
    if not words:
        return f"pos-{position + 1}"
    kind = "fig" if words[0] in {"fig", "figs", "figure", "figures"} else words[0]
    rest = words[1:] if kind == "fig" or not words[0].isdigit() else words
    if words[0].isdigit():
        kind, rest = "fig", words
    parts: list[str] = [kind]
    for word in rest:
        if parts[-1] == "s" and word.isdigit():
            parts[-1] = f"s{word}"
        else:
            parts.append(word)
    return "-".join(parts)[:60]


class UniqueKeys:
    """Keys given out so far. It remembers how far each key was tried: a file with thousands of figures under one label
    takes no longer than another."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken: set[str] = set(taken)
        self._tried: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._taken)

    def add(self, key: str) -> str:
        """`key`, or key-b, key-c, … where it is taken; it is taken from then on."""
        found, n = key, self._tried.get(key, 0)
        while n or found in self._taken:
            n = n or 1
            found = f"{key}-{chr(ord('a') + n) if n < 26 else n + 1}"
            if found not in self._taken:
                break
            n += 1
        self._tried[key] = n
        self._taken.add(found)
        return found


class KnownFigure:
    """A figure of an earlier revision: its key, label, JATS id and legend."""

    __slots__ = ("_words", "jats_id", "key", "label", "legend")

    def __init__(self, key: str, label: str | None, jats_id: str | None, legend: str | None) -> None:
        self.key, self.label, self.jats_id, self.legend = key, label, jats_id, legend
        self._words: frozenset[str] | None = None

    @property
    def words(self) -> frozenset[str]:
        """The vocabulary of the legend."""
        if self._words is None:
            self._words = frozenset((self.legend or "").lower().split())
        return self._words


def match_figure_keys(known: Sequence[KnownFigure], new: Sequence[KnownFigure]) -> list[str]:
    """Keys for the figures of a new revision (`new[i].key` is the key wished for).

    Matched by equal legend, then by label or JATS id where the legends share at least 60 % of their words, each
    old figure once, never by position. An unmatched figure takes its wish, or fig-2-b where that is taken. Of many old
    figures under one label, MAX_ALIKE are compared: a document of thousands takes no more than its share.
    """
    result: dict[int, str] = {}
    free = {k.key: k for k in known}
    by_legend = _group(known, "legend")
    for i, figure in enumerate(new):
        same = [k for k in by_legend.get(figure.legend or "", ()) if k.key in free]
        if same:
            best = min(same, key=lambda k: (k.label != figure.label, k.jats_id != figure.jats_id, k.key))
            by_legend[best.legend or ""].remove(best)
            result[i] = free.pop(best.key).key
    for attribute in ("label", "jats_id"):
        groups = _group(free.values(), attribute)
        for i, figure in enumerate(new):
            candidates = groups.get(getattr(figure, attribute) or "", []) if i not in result else []
            found = next((k for k in candidates[:MAX_ALIKE] if _is_alike(k, figure)), None)
            if found:
                candidates.remove(found)
                result[i] = free.pop(found.key).key
    keys = UniqueKeys([k.key for k in known])
    return [result[i] if i in result else keys.add(figure.key) for i, figure in enumerate(new)]


def _group(figures: Iterable[KnownFigure], attribute: str) -> dict[str, list[KnownFigure]]:
    """Figures by a text that they have, by key within each."""
    out: dict[str, list[KnownFigure]] = {}
    for figure in sorted(figures, key=lambda k: k.key):
        if text := getattr(figure, attribute):
            out.setdefault(str(text), []).append(figure)
    return out


def _is_alike(a: KnownFigure, b: KnownFigure) -> bool:
    """True where neither has a legend, or both share most of the words of the longer one's vocabulary."""
    most = max(len(a.words), len(b.words))
    return (not a.legend and not b.legend) or (most > 0 and len(a.words & b.words) / most >= _SAME_FIGURE)


def mention_id(figure_id: str, legend_sha256: str, start: int, end: int, entity_type: str) -> str:
    """Stable over models: the place and the type, nothing of who found it."""
    return sha256_text(f"{figure_id}\x1f{legend_sha256}\x1f{start}\x1f{end}\x1f{entity_type}")[:20]
