from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.link.names import name_key, name_keys


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("TNF-α", "TNF alpha"),
        ("TNFα", "tnf-ALPHA"),
        ("IL‑6", "IL 6"),
        ("β‐catenin", "beta catenin"),
        ("Na⁺", "Na+"),
        ("Müller glia", "Muller-glia"),
        ("ﬁbroblast", "fibroblast"),
        ("NF-κB", "NFkappaB"),
    ],
)
def test_spellings_of_one_name(a: str, b: str) -> None:
    assert name_key(a) == name_key(b)


@pytest.mark.parametrize(("a", "b"), [("Na+", "Na"), ("CD4+", "CD4"), ("IL-6", "IL-16"), ("Atg5", "Atg5l")])
def test_other_names_stay_apart(a: str, b: str) -> None:
    assert name_key(a) != name_key(b)


@pytest.mark.parametrize(
    ("text", "entity_type", "singular"),
    [
        ("neurons", "CELL_TYPE", "neuron"),
        ("mitochondria", "SUBCELLULAR", "mitochondrion"),
        ("nuclei", "SUBCELLULAR", "nucleus"),
        ("bodies", "SUBCELLULAR", "body"),
        ("HeLa cells", "CELL_LINE", "hela"),
        ("fibroblasts", "CELL_TYPE", "fibroblast"),
    ],
)
def test_plurals_are_looked_up_in_the_singular_too(text: str, entity_type: str, singular: str) -> None:
    keys = name_keys(text, entity_type)
    assert keys[0] == name_key(text)
    assert singular in keys


def test_a_gene_symbol_has_no_plural() -> None:
    assert name_keys("GAPDHS", "GENEPROD") == ["gapdhs"]


def test_punctuation_alone_is_no_name() -> None:
    assert name_keys("--", "GENEPROD") == []


@given(st.text(max_size=30))
def test_a_key_is_its_own_key(text: str) -> None:
    assert name_key(name_key(text)) == name_key(text)
