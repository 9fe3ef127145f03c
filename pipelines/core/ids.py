"""Identity of documents and figures (architecture, section 5)."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from pipelines.core.hashing import sha256_text
from pipelines.core.records import DocIds

_DOI = re.compile(r"10\.\d{4,9}/\S+")
_ROMAN = re.compile(r"^[ivxlc]+$")
_SAME_FIGURE = 0.6


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


def unique_key(key: str, taken: Collection[str]) -> str:
    """`key`, or key-b, key-c, … where it is taken."""
    if key not in taken:
        return key
    n = 1
    while True:
        suffix = chr(ord("a") + n) if n < 26 else str(n + 1)
        if f"{key}-{suffix}" not in taken:
            return f"{key}-{suffix}"
        n += 1


class UniqueKeys:
    """Keys given out so far; `add` gives what `unique_key` would. It remembers how far each key was tried: a file with
    thousands of figures under one label takes no longer than another."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
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


def shared_words(a: str | None, b: str | None) -> float:
    """Share of the words of the longer legend's vocabulary that both legends have, 0 to 1."""
    words_a, words_b = set((a or "").lower().split()), set((b or "").lower().split())
    if not words_a or not words_b:
        return 0.0
    return len(words_a & words_b) / max(len(words_a), len(words_b))


class KnownFigure:
    """A figure of an earlier revision: its key, label, JATS id and legend."""

    __slots__ = ("jats_id", "key", "label", "legend")

    def __init__(self, key: str, label: str | None, jats_id: str | None, legend: str | None) -> None:
        self.key, self.label, self.jats_id, self.legend = key, label, jats_id, legend


def match_figure_keys(known: Sequence[KnownFigure], new: Sequence[KnownFigure]) -> list[str]:
    """Keys for the figures of a new revision (`new[i].key` is the key wished for).

    Matched by equal legend, then by label or JATS id where the legends share at least 60 % of their words, each
    old figure once, never by position. An unmatched figure takes its wish, or fig-2-b where that is taken.
    """
    result: dict[int, str] = {}
    free = {k.key: k for k in known}
    for i, figure in enumerate(new):
        same = [k for k in free.values() if figure.legend and k.legend == figure.legend]
        if same:
            best = sorted(same, key=lambda k: (k.label != figure.label, k.jats_id != figure.jats_id, k.key))[0]
            result[i] = free.pop(best.key).key
    for attribute in ("label", "jats_id"):
        for i, figure in enumerate(new):
            wanted = getattr(figure, attribute)
            if i in result or not wanted:
                continue
            for k in sorted(free.values(), key=lambda k: k.key):
                alike = (not k.legend and not figure.legend) or shared_words(k.legend, figure.legend) >= _SAME_FIGURE
                if getattr(k, attribute) == wanted and alike:
                    result[i] = free.pop(k.key).key
                    break
    taken = {k.key for k in known}
    for i, figure in enumerate(new):
        if i not in result:
            result[i] = unique_key(figure.key, taken | set(result.values()))
    return [result[i] for i in range(len(new))]


def mention_id(figure_id: str, legend_sha256: str, start: int, end: int, entity_type: str) -> str:
    """Stable over models: the place and the type, nothing of who found it."""
    return sha256_text(f"{figure_id}\x1f{legend_sha256}\x1f{start}\x1f{end}\x1f{entity_type}")[:20]
