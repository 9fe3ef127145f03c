"""Identity: which incoming documents are one, whatever their order."""

from __future__ import annotations

import random
from collections.abc import Iterable

from pipelines.corpus.identity import Identity
from pipelines.corpus.identity import resolve as resolve_sets


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


def resolve(alias_sets: dict[str, list[str]], known: Known, *, bare: frozenset[str] = frozenset()) -> Identity:
    """Of these sets, `bare` came without a document."""
    return resolve_sets(alias_sets, known, set(alias_sets) - bare)


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


def test_ids_without_a_document_are_kept_and_make_none() -> None:
    found = resolve({"pmc:7": ["pmc:7", "pmid:9"]}, Known(), bare=frozenset({"pmc:7"}))
    assert found.new_aliases == {"pmc:7": "pmc:7", "pmid:9": "pmc:7"}
    assert not found.created


def test_an_id_that_has_no_document_yields_to_a_better_one() -> None:
    known = Known({"pmid:9": "pmid:9", "deposit:x": "pmid:9"})
    found = resolve({"10.5555/a": ["10.5555/a", "pmid:9"]}, known)
    assert found.created == ["10.5555/a"]
    assert found.new_aliases == {"10.5555/a": "10.5555/a", "pmid:9": "10.5555/a", "deposit:x": "10.5555/a"}
    assert not found.merged


def test_a_document_stands_against_an_id_that_has_none() -> None:
    known = Known({"10.5555/a": "10.5555/a", "pmid:9": "10.5555/a", "pmc:7": "pmc:7"}, {"pmc:7": 4})
    found = resolve({"10.5555/a": ["10.5555/a", "pmc:7"]}, known, bare=frozenset({"10.5555/a"}))
    assert found.new_aliases == {"10.5555/a": "pmc:7", "pmid:9": "pmc:7"}
    assert not found.merged
    assert not found.created


def test_a_bare_word_joins_no_two_documents_with_a_doi_each() -> None:
    wrong = {"10.5555/a": ["10.5555/a", "pmid:2"]}
    known = Known(
        {"10.5555/a": "10.5555/a", "10.5555/b": "10.5555/b", "pmid:2": "10.5555/b"}, {"10.5555/a": 1, "10.5555/b": 2}
    )
    assert resolve(wrong, known, bare=frozenset(wrong)) == Identity()
    together = resolve({**wrong, "10.5555/b": ["10.5555/b", "pmid:2"]}, Known(), bare=frozenset(wrong))
    assert together.new_aliases == {"10.5555/b": "10.5555/b", "pmid:2": "10.5555/b"}


def test_a_document_takes_its_id_back_from_a_wrong_word_of_earlier() -> None:
    known = Known({"10.5555/a": "10.5555/a", "pmid:2": "10.5555/a"})
    found = resolve({"10.5555/b": ["10.5555/b", "pmid:2"]}, known)
    assert found.created == ["10.5555/b"]
    assert found.new_aliases == {"10.5555/b": "10.5555/b", "pmid:2": "10.5555/b"}


def test_a_document_that_says_two_dois_are_one_is_believed() -> None:
    known = Known({"10.5555/a": "10.5555/a", "10.5555/b": "10.5555/b"}, {"10.5555/a": 1, "10.5555/b": 2})
    assert resolve({"10.5555/b": ["10.5555/a", "10.5555/b"]}, known).merged == {"10.5555/b": "10.5555/a"}
