from __future__ import annotations

from pipelines.link.linker import LINKS, Linker, link_names
from pipelines.link.ontologies import Entry

HUMAN = Entry("9474", "NCBI gene", "GENEPROD", "ATG5", ("APG5", "ASP"), 0)
MOUSE = Entry("11793", "NCBI gene", "GENEPROD", "Atg5", (), 1)
OTHER = Entry("259266", "NCBI gene", "GENEPROD", "ASPM", ("ASP",), 0)
NAMED = Entry("777", "NCBI gene", "GENEPROD", "ASP", (), 9)


def link(text: str, *entries: Entry, entity_type: str = "GENEPROD") -> str | None:
    linker = Linker({(entity_type, text)})
    linker.add("genes.tsv", 0, entries)
    found = linker.link((entity_type, text))
    return found.entry.ext_id if found else None


def test_the_spelling_says_which_species() -> None:
    assert link("ATG5", HUMAN, MOUSE) == "9474"
    assert link("Atg5", HUMAN, MOUSE) == "11793"


def test_a_spelling_of_neither_is_read_as_the_first_species() -> None:
    assert link("atg-5", MOUSE, HUMAN) == "9474"


def test_an_ambiguous_synonym_is_not_linked() -> None:
    assert link("ASP", HUMAN, OTHER) is None


def test_a_preferred_name_comes_before_synonyms() -> None:
    assert link("ASP", HUMAN, OTHER, NAMED) == "777"


def test_the_type_must_agree() -> None:
    assert link("ATG5", HUMAN, entity_type="TISSUE") is None


def test_an_earlier_file_is_preferred() -> None:
    first, second = Entry("CL:0000001", "CL", "CELL_TYPE", "neuron"), Entry("CL:0000002", "CL", "CELL_TYPE", "neuron")
    linker = Linker({("CELL_TYPE", "Neurons")})
    linker.add("b.obo", 1, [second])
    linker.add("a.obo", 0, [first])
    found = linker.link(("CELL_TYPE", "Neurons"))
    assert found is not None
    assert (found.entry.ext_id, found.source) == ("CL:0000001", "a.obo")


def test_one_row_a_name_linked_or_not_in_order() -> None:
    names = {("GENEPROD", "zzz"), ("GENEPROD", "ATG5")}
    linker = Linker(names)
    linker.add("genes.tsv", 0, [HUMAN])
    table = link_names(linker, names)
    assert table.schema == LINKS
    assert [(r["name"], r["ext_id"], r["ext_name"], r["source"]) for r in table.to_pylist()] == [
        ("ATG5", "9474", "ATG5", "genes.tsv"), ("zzz", None, None, None),
    ]  # fmt: skip
