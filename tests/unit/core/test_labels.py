"""labels.toml is consistent with the records, and names of databases and types mean what they should."""

from __future__ import annotations

import pytest

from pipelines.core.gold import ROLE_LABELS
from pipelines.core.labels import load_labels
from pipelines.core.records import ENTITY_TYPES, ROLES, STORED_TYPES

LABELS = load_labels()


def test_label_sets_are_those_of_the_records() -> None:
    assert {d.entity_type for d in LABELS.databases.values() if d.name != "MeSH"} <= set(STORED_TYPES)
    assert set(LABELS.types.values()) == {*ENTITY_TYPES, "CELL"}
    assert set(LABELS.roles.values()) == set(ROLES)
    assert set(ROLE_LABELS) == set(ROLES) - {"boring"}


@pytest.mark.parametrize(
    ("name", "ext_id", "stored", "entity_type"),
    [
        ("ChEBI", "CHEBI:15377", "CHEBI:15377", "SMALL_MOLECULE"),
        ("CHEBI", "15377", "CHEBI:15377", "SMALL_MOLECULE"),
        ("Gene Ontology", "GO:0005739", "GO:0005739", "SUBCELLULAR"),
        ("GO", "0005739", "GO:0005739", "SUBCELLULAR"),
        ("CL", "CL_0000084", "CL:0000084", "CELL_TYPE"),
        ("CVCL", "0063", "CVCL_0063", "CELL_LINE"),
        ("Uberon", "UBERON:0000955", "UBERON:0000955", "TISSUE"),
        ("Uniprot", "P28482", "P28482", "GENEPROD"),
        ("NCBI gene", "5594", "5594", "GENEPROD"),
        ("NCBI taxon", "10090", "10090", "ORGANISM"),
        ("BAO", "BAO:0000134", "BAO_0000134", "EXP_ASSAY"),
        ("DOID", "DOID:1612", "DOID:1612", "DISEASE"),
    ],
)
def test_ids_take_one_form(name: str, ext_id: str, stored: str, entity_type: str) -> None:
    database = LABELS.find_database(name)
    assert database is not None
    assert database.normalise_id(ext_id) == stored
    assert database.is_valid(stored)
    assert not database.is_valid("not an id")
    assert database.entity_type == entity_type


def test_unknown_names_are_none() -> None:
    assert LABELS.find_database("Wikidata") is None
    assert LABELS.find_type("spaceship") is None
    assert LABELS.find_type("Protein") == "GENEPROD"
    assert LABELS.find_type("CVCL") == "CELL_LINE"
    assert LABELS.is_generic("Embryos")
    assert not LABELS.is_generic("HeLa")
    assert LABELS.databases["cl"].normalise_id("CL:") == ""


def test_every_map_leads_to_stored_types_and_annotates_types_that_it_gives() -> None:
    assert len(LABELS.maps) >= 10
    for label_map in LABELS.maps.values():
        given = set(label_map.types.values())
        assert given <= set(STORED_TYPES), label_map.name
        assert set(label_map.annotated_types) <= given & set(ENTITY_TYPES), label_map.name
        assert set(label_map.databases) <= set(label_map.types), label_map.name
        assert all(LABELS.find_database(name) for name in label_map.databases.values()), label_map.name
        assert all(key == key.lower() for key in (*label_map.types, *label_map.databases)), label_map.name


def test_a_type_that_a_guideline_covers_in_part_is_not_annotated() -> None:
    genetics = LABELS.maps["bionlp13cg"]
    assert genetics.types["cancer"] == "DISEASE"
    assert "DISEASE" not in genetics.annotated_types
    assert LABELS.maps["anatem"].annotated_types == ()
