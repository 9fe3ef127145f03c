"""Which incoming documents are one, and which known document they are."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

#: `first_seq` of an id that the corpus has no document for, though it may have aliases of it.
NEVER = 1 << 60
_PREFERENCE = (("10.", 0), ("pmc:", 1), ("pmid:", 2))


class KnownIds(Protocol):
    """What identity must know of the corpus; `corpus.index.Index` has it."""

    def doc_ids(self, aliases: Iterable[str]) -> dict[str, str]: ...
    def aliases_of(self, doc_id: str) -> list[str]: ...
    def first_seq(self, doc_id: str) -> int: ...


@dataclass(frozen=True)
class Identity:
    """`resolved`: provisional doc_id → doc_id. `new_aliases`: alias → doc_id to be stored. `merged`: documents that
    proved to be another one → the one that stands. `created`: documents never seen before."""

    resolved: dict[str, str] = field(default_factory=dict)
    new_aliases: dict[str, str] = field(default_factory=dict)
    merged: dict[str, str] = field(default_factory=dict)
    created: list[str] = field(default_factory=list)


def preference(alias: str) -> tuple[int, str]:
    """Sort key: DOI, pmc:, pmid:, the source's own, sha:; then the lesser."""
    for prefix, rank in _PREFERENCE:
        if alias.startswith(prefix):
            return rank, alias
    return (4 if alias.startswith("sha:") else 3), alias


def _groups(alias_sets: Mapping[str, Sequence[str]]) -> list[set[str]]:
    """Connected components of provisional ids and aliases."""
    parent: dict[str, str] = {}

    def find(x: str) -> str:
        while parent.setdefault(x, x) != x:
            parent[x] = parent[parent[x]]
            x = parent[x]
        return x

    for doc_id, aliases in alias_sets.items():
        for alias in aliases:
            a, b = sorted((find(doc_id), find(alias)))
            parent[b] = a
    groups: dict[str, set[str]] = {}
    for doc_id, aliases in alias_sets.items():
        groups.setdefault(find(doc_id), set()).update((doc_id, *aliases))
    return [groups[k] for k in sorted(groups)]


def _dois(names: Iterable[str]) -> set[str]:
    return {name for name in names if name.startswith("10.")}


def _believed(
    alias_sets: Mapping[str, Sequence[str]], known: KnownIds, documents: Collection[str]
) -> dict[str, Sequence[str]]:
    """The sets, less those without a document that would make one of two documents with a DOI each: lists of others
    are wrong now and then, and two papers made one cannot be parted again."""
    believed = {d: names for d, names in alias_sets.items() if d in documents}
    tonight = {name: _dois(group) for group in _groups(believed) for name in group}
    for doc_id in sorted(set(alias_sets) - set(documents)):
        names = {doc_id, *alias_sets[doc_id]}
        dois = _dois(names).union(*(tonight.get(name, ()) for name in names))
        for found in set(known.doc_ids(sorted(names)).values()):
            if known.first_seq(found) < NEVER:
                dois |= _dois(known.aliases_of(found))
        if len(dois) <= 1:
            believed[doc_id] = alias_sets[doc_id]
    return believed


def resolve(alias_sets: Mapping[str, Sequence[str]], known: KnownIds, documents: Collection[str]) -> Identity:
    """Identity of incoming documents, given as provisional doc_id → all their aliases.

    `documents`: the provisional ids that documents came with; the other sets only say that ids belong together. Of
    several known documents that prove to be one, the one seen first (then the lesser) stands. An id that has had no
    document so far is no identity yet: it yields to a better one. The result does not depend on the order of the input.
    """
    out = Identity()
    for group in _groups(_believed(alias_sets, known, documents)):
        names = dict(known.doc_ids(sorted(group)))
        standing = sorted(set(names.values()), key=lambda d: (known.first_seq(d), d))
        seen = [d for d in standing if known.first_seq(d) < NEVER]
        for d in standing if len(standing) > 1 or not seen else ():
            mine = {d, *known.aliases_of(d)}
            if d in seen or len(_dois(group | mine)) <= 1:  # else a bare word of earlier was wrong: it gives its ids up
                names.update(dict.fromkeys(mine, d))
        everything = group | set(names)
        doc_id = seen[0] if seen else min(everything, key=preference)
        if not seen and not group.isdisjoint(documents):
            out.created.append(doc_id)
        out.merged.update(dict.fromkeys(seen[1:], doc_id))
        for name in sorted(everything):
            out.resolved[name] = doc_id
            if names.get(name) != doc_id:
                out.new_aliases[name] = doc_id
    return out
