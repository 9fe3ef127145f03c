"""Identity: which incoming documents are one, whatever their order."""

from __future__ import annotations

import random
from collections.abc import Iterable

from pipelines.corpus.identity import resolve


class Known:
    """A corpus that knows some aliases."""

    def __init__(self, aliases: dict[str, str] | None = None, seqs: dict[str, int] | None = None) -> None:
        self.aliases, self.seqs = aliases or {}, seqs or {}

    def doc_ids(self, aliases: Iterable[str]) -> dict[str, str]:
        return {a: self.aliases[a] for a in aliases if a in self.aliases}

    def aliases_of(self, doc_id: str) -> list[str]:
        return sorted(a for a, d in self.aliases.items() if d == doc_id)

    def first_seq(self, doc_id: str) -> int:
        return self.seqs.get(doc_id, 1 << 60)


def test_new_document_takes_its_best_id() -> None:
    found = resolve({"pmc:7": ["pmc:7", "10.5555/a"]}, Known())
    assert found.resolved["pmc:7"] == "10.5555/a"
    assert found.created == ["10.5555/a"]
    assert found.new_aliases == {"10.5555/a": "10.5555/a", "pmc:7": "10.5555/a"}


def test_a_doi_learnt_late_is_an_alias_and_the_id_stays() -> None:
    known = Known({"pmc:7": "pmc:7"}, {"pmc:7": 1})
    found = resolve({"10.5555/a": ["10.5555/a", "pmc:7"]}, known)
    assert found.resolved["10.5555/a"] == "pmc:7"
    assert found.new_aliases == {"10.5555/a": "pmc:7"}
    assert not found.created


def test_two_known_documents_prove_to_be_one_the_first_seen_stands() -> None:
    known = Known({"pmc:7": "pmc:7", "10.5555/a": "10.5555/a", "pmid:3": "10.5555/a"}, {"pmc:7": 1, "10.5555/a": 2})
    found = resolve({"10.5555/a": ["10.5555/a", "pmc:7"]}, known)
    assert found.merged == {"10.5555/a": "pmc:7"}
    assert found.resolved["10.5555/a"] == "pmc:7"
    assert found.new_aliases == {"10.5555/a": "pmc:7", "pmid:3": "pmc:7"}


def test_order_of_arrival_does_not_matter() -> None:
    sets = {
        "10.5555/a": ["10.5555/a", "pmc:7"],
        "pmc:7": ["pmc:7", "pmid:9"],
        "pmid:9": ["pmid:9"],
        "10.5555/b": ["10.5555/b"],
    }
    expected = resolve(sets, Known())
    for seed in range(20):
        items = list(sets.items())
        random.Random(seed).shuffle(items)
        assert resolve(dict(items), Known()) == expected
    assert set(expected.resolved.values()) == {"10.5555/a", "10.5555/b"}
