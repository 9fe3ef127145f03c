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
    proved to be another one → the one that stands. `created`: documents never seen before. `doubtful`: id that a
    document of tonight and one with another DOI state → their DOIs, the one it names first."""

    resolved: dict[str, str] = field(default_factory=dict)
    new_aliases: dict[str, str] = field(default_factory=dict)
    merged: dict[str, str] = field(default_factory=dict)
    created: list[str] = field(default_factory=list)
    doubtful: dict[str, list[str]] = field(default_factory=dict)


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


class _Papers:
    """Which paper an id names where papers with different DOIs state it: of documents before that of lists, then that
    with the least DOI, whoever came first. An id that a document has been stored under stays with it."""

    def __init__(self, alias_sets: Mapping[str, Sequence[str]], known: KnownIds, documents: Collection[str]) -> None:
        self._sets = {d: {d, *names} for d, names in alias_sets.items()}
        self._owners = known.doc_ids(sorted(set().union(*self._sets.values())))
        self._known = {d: {d, *known.aliases_of(d)} for d in set(self._owners.values())}
        self._seen = {d for d in self._known if known.first_seq(d) < NEVER}
        self._papers = self._join_dois(documents)
        self._claims: dict[str, set[tuple[int, str]]] = {}
        for d, names in self._sets.items():
            for name in names - _dois(names) if _dois(names) else ():
                self._claim(name, -1 if name == d else int(d not in documents), names)
        for name in sorted(self._claims):
            owner = self._owners.get(name)
            if owner and _dois(self._known[owner]):
                rank = -1 if known.first_seq(name) < NEVER else int(owner not in self._seen)
                self._claim(name, rank, self._known[owner])

    def _join_dois(self, documents: Collection[str]) -> dict[str, str]:
        """DOI → least DOI of its paper: what one document states as one, or the corpus holds as one."""
        stated: dict[str, set[str]] = {}
        for names in (*(self._sets[d] for d in documents if d in self._sets), *(self._known[d] for d in self._seen)):
            if dois := _dois(names):
                stated.setdefault(min(dois), set()).update(dois)
        groups = _groups({d: sorted(dois) for d, dois in stated.items()})
        return {doi: min(group) for group in groups for doi in group}

    def _paper(self, names: Iterable[str]) -> str:
        doi = min(_dois(names))
        return self._papers.get(doi, doi)

    def _key(self, name: str) -> str:
        """What is claimed by this id: the known document, where it has no DOI yet, with all its ids."""
        owner = self._owners.get(name)
        return owner if owner and not _dois(self._known[owner]) else name

    def _claim(self, name: str, rank: int, names: Iterable[str]) -> None:
        self._claims.setdefault(self._key(name), set()).add((rank, self._paper(names)))

    def of(self, name: str) -> str | None:
        """The paper that an id names, tonight or as the corpus knows."""
        if name.startswith("10."):
            return self._paper([name])
        if claims := self._claims.get(self._key(name)):
            return min(claims)[1]
        owner = self._owners.get(name)
        return self._paper(self._known[owner]) if owner and _dois(self._known[owner]) else None

    def is_other(self, doc_id: str, group: Collection[str]) -> bool:
        """True where a known document is another paper than these ids, one of which it gave up tonight."""
        mine = self._known[doc_id]
        return bool(_dois(mine) and _dois(group)) and self._paper(mine) != self._paper(group)

    def lost(self, mine: Iterable[str], group: Collection[str]) -> set[str]:
        """Those of a known document's ids that name another paper from tonight on."""
        its = {self.of(doi) for doi in _dois([*mine, *group])}
        return {name for name in mine if its and self.of(name) not in {None, *its}}

    def parted(self) -> dict[str, Sequence[str]]:
        """The sets, less the ids of other papers. Of sets without a DOI that would join two papers each keeps its best
        id alone."""
        out: dict[str, Sequence[str]] = {}
        loose = {d: sorted(names) for d, names in self._sets.items() if not _dois(names)}
        without = {d: names for d, names in self._known.items() if not _dois(names)}
        for group in _groups({d: sorted({*loose.get(d, ()), *without.get(d, ())}) for d in {*loose, *without}}):
            is_bridge = len({self.of(name) for name in group} - {None}) > 1
            out.update({d: [d] if is_bridge else loose[d] for d in group & set(loose)})
        for d in self._sets.keys() - loose.keys():
            mine = self._paper(self._sets[d])
            out[d] = sorted(n for n in self._sets[d] if n.startswith("10.") or self.of(n) == mine)
        return out

    def doubtful(self, documents: Collection[str]) -> dict[str, list[str]]:
        """Ids that documents of tonight state, and another paper's."""
        out = {}
        for name in sorted(set().union(*(self._sets[d] for d in documents if d in self._sets))):
            claims = [paper for rank, paper in sorted(self._claims.get(self._key(name), ())) if rank < 1]
            if len(set(claims)) > 1:
                out[name] = list(dict.fromkeys(claims))
        return out


def _believed(
    alias_sets: Mapping[str, Sequence[str]],
    parted: Mapping[str, Sequence[str]],
    known: KnownIds,
    documents: Collection[str],
) -> dict[str, Sequence[str]]:
    """The parted sets, less those without a document that would have made one of two documents with a DOI each: lists
    of others are wrong now and then, and two papers made one cannot be parted again."""
    believed = {d: names for d, names in parted.items() if d in documents}
    tonight = {name: _dois(group) for group in _groups(believed) for name in group}
    for doc_id in sorted(set(alias_sets) - set(documents)):
        names = {doc_id, *alias_sets[doc_id]}
        dois = _dois(names).union(*(tonight.get(name, ()) for name in names))
        for found in set(known.doc_ids(sorted(names)).values()):
            if known.first_seq(found) < NEVER:
                dois |= _dois(known.aliases_of(found))
        if len(dois) <= 1:
            believed[doc_id] = parted[doc_id]
    return believed


def resolve(alias_sets: Mapping[str, Sequence[str]], known: KnownIds, documents: Collection[str]) -> Identity:
    """Identity of incoming documents, given as provisional doc_id → all their aliases.

    `documents`: the provisional ids that documents came with; the other sets only say that ids belong together. Of
    several known documents that prove to be one, the one seen first (then the lesser) stands. An id that has had no
    document so far is no identity yet: it yields to a better one. Documents with different DOIs are one only where a
    document states both DOIs: another id that they share names one of them. The result does not depend on the order of
    the input.
    """
    papers = _Papers(alias_sets, known, documents)
    out = Identity(doubtful=papers.doubtful(documents))
    for group in _groups(_believed(alias_sets, papers.parted(), known, documents)):
        names = {n: d for n, d in known.doc_ids(sorted(group)).items() if not papers.is_other(d, group)}
        standing = sorted(set(names.values()), key=lambda d: (known.first_seq(d), d))
        seen = [d for d in standing if known.first_seq(d) < NEVER]
        for d in standing if len(standing) > 1 or not seen else ():
            mine = {d, *known.aliases_of(d)}
            mine -= papers.lost(mine, group)
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
