"""Identity: which incoming documents are one, whatever their order."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable, Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

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


def later(known: Known, found: Identity) -> Known:
    """The corpus after a night that found this."""
    seq = 1 + max(known.seqs.values(), default=0)
    return Known({**known.aliases, **found.new_aliases}, {**known.seqs, **dict.fromkeys(found.created, seq)})


def after(nights: Sequence[dict[str, list[str]]], bare: frozenset[str] = frozenset()) -> Known:
    known = Known()
    for night in nights:
        known = later(known, resolve(night, known, bare=bare))
    return known


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


R2, R3 = {"10.5555/r.2": ["pmid:2"]}, {"10.5555/r.3": ["pmid:3"]}
WRONG = {"10.5555/r.3": ["pmid:2"]}  # the DOI of one, the PMID of the other


def test_a_wrong_pmid_joins_no_two_papers() -> None:
    known = after([R2, R3])
    found = resolve(WRONG, known)
    assert found.resolved == {"10.5555/r.3": "10.5555/r.3"}
    assert not found.merged
    assert not found.new_aliases
    assert found.doubtful == {"pmid:2": ["10.5555/r.2", "10.5555/r.3"]}
    assert resolve({**R2, **R3}, known).doubtful == {}


def test_whose_a_doubtful_id_is_does_not_depend_on_the_order_of_the_nights() -> None:
    expected = {"10.5555/r.2": "10.5555/r.2", "10.5555/r.3": "10.5555/r.3", "pmid:2": "10.5555/r.2",
                "pmid:3": "10.5555/r.3"}  # fmt: skip
    for nights in itertools.permutations([R2, R3, WRONG]):
        assert after(nights).aliases == expected
    together = resolve({**R2, "10.5555/r.3": ["pmid:2", "pmid:3"]}, Known())
    assert together.new_aliases == expected
    assert together.doubtful == {"pmid:2": ["10.5555/r.2", "10.5555/r.3"]}


def test_the_id_that_a_document_is_stored_under_stays_with_it() -> None:
    known = after([{"pmid:2": []}, {"10.5555/b": ["pmid:2"]}])
    found = resolve({"10.5555/a": ["pmid:2"]}, known)
    assert found.resolved == {"10.5555/a": "10.5555/a"}
    assert known.aliases["pmid:2"] == known.aliases["10.5555/b"] == "pmid:2"


def test_a_document_without_a_doi_is_one_of_two_that_claim_it() -> None:
    claims = {"10.5555/a": ["pmc:7"], "10.5555/b": ["pmid:5"]}
    tonight = resolve({**claims, "pmc:7": ["pmid:5"]}, Known())
    assert tonight.resolved["pmc:7"] == "10.5555/a" != tonight.resolved["10.5555/b"]
    known = after([{"pmc:7": ["pmid:5"]}])
    found = resolve(claims, known)
    assert found.resolved["10.5555/a"] == "pmc:7"
    assert found.resolved["10.5555/b"] == "10.5555/b"


_OTHERS = [*(f"pmid:{n}" for n in range(4)), *(f"pmc:{n}" for n in range(3)), "deposit:x"]
_FILES = st.tuples(st.sampled_from(["", "10.1/a", "10.1/b", "10.1/c"]), st.sets(st.sampled_from(_OTHERS), max_size=3))


def _night(files: Iterable[tuple[str, set[str]]]) -> dict[str, list[str]]:
    """Alias sets as freeze builds them: under the best id of each file."""
    out: dict[str, list[str]] = {}
    for doi, others in files:
        if names := [*([doi] if doi else []), *sorted(others)]:
            out.setdefault(next((n for n in names if n.startswith(("10.", "pmc:"))), names[0]), []).extend(names)
    return out


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.lists(_FILES, max_size=4), max_size=4),
    st.sets(st.sampled_from(["10.1/a", "10.1/b", "pmc:1"])),
    st.randoms(),
)
def test_no_ids_ever_join_two_dois(
    nights: list[list[tuple[str, set[str]]]], bare: set[str], dice: random.Random
) -> None:
    known = Known()
    for files in nights:
        sets = _night(files)
        found = resolve(sets, known, bare=frozenset(bare))
        items = list(sets.items())
        dice.shuffle(items)
        assert resolve(dict(items), known, bare=frozenset(bare)) == found
        known = later(known, found)
        for doc_id in set(known.aliases.values()):
            assert len([a for a in known.aliases_of(doc_id) if a.startswith("10.")]) <= 1
        assert all(known.aliases[n] == d for n, d in found.resolved.items() if n.startswith("10."))


@settings(max_examples=200, deadline=None)
@given(st.lists(_FILES.filter(lambda f: bool(f[0])), min_size=1, max_size=6), st.randoms())
def test_articles_with_dois_in_any_order_give_the_same_names(
    files: list[tuple[str, set[str]]], dice: random.Random
) -> None:
    expected = after([_night(files)]).aliases
    dice.shuffle(files)
    assert after([_night([f]) for f in files]).aliases == expected
