from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path

import pytest

from pipelines.errors import UsageError
from pipelines.link.ontologies import Entry, read_ontology

OBO = """format-version: 1.2

[Term]
id: CL:0000540
name: neuron
synonym: "nerve cell" EXACT []
synonym: "brain cell" BROAD []
synonym: "a \\"quoted\\" cell" EXACT []

[Term]
id: CL:0000001
name: gone
is_obsolete: true

[Term]
id: GO:0008150
name: a process
namespace: biological_process

[Term]
id: GO:0005634
name: nucleus
namespace: cellular_component

[Term]
id: PATO:0000001
name: quality

[Typedef]
id: part_of
name: part of
"""
GENES = """#tax_id\tGeneID\tSymbol\tLocusTag\tSynonyms\tdbXrefs\tchr\tmap\tdescription\ttype_of_gene\tS\tFull
9606\t9474\tATG5\t-\tAPG5|ASP\tx\t6\t6q21\tautophagy related 5\tprotein-coding\tATG5\tautophagy related 5
9606\t1\tPSEUDO1\t-\t-\tx\t6\t6q21\tnone\tpseudo\t-\t-
10090\t11793\tAtg5\t-\t-\tx\t10\t10 B2\tautophagy related 5\tprotein-coding\t-\t-
"""


def test_obo_gives_terms_of_known_databases_with_exact_synonyms() -> None:
    assert read_ontology("cl.obo", OBO.encode()) == [
        Entry("CL:0000540", "CL", "CELL_TYPE", "neuron", ("nerve cell", 'a "quoted" cell')),
        Entry("GO:0005634", "Gene Ontology", "SUBCELLULAR", "nucleus"),
    ]


def test_genes_come_with_their_species_in_order() -> None:
    human, mouse = read_ontology("Homo_sapiens.gene_info.gz", gzip.compress(GENES.encode()))
    assert (human.ext_id, human.ext_db, human.rank) == ("9474", "NCBI gene", 0)
    assert human.synonyms == ("APG5", "ASP", "autophagy related 5")
    assert (mouse.name, mouse.rank) == ("Atg5", 1)


def test_a_table_of_ones_own() -> None:
    head = "id\tname\tsynonyms\ttype\n"
    text = head + "CVCL_0030\tHeLa\tHela|HeLa-CCL2\tcell_line\n9474\tATG5\t\tGENEPROD\nX1\tthing\t\twhatever\n"
    hela, gene = read_ontology("small.tsv", text.encode())
    assert hela == Entry("CVCL_0030", "CVCL", "CELL_LINE", "HeLa", ("Hela", "HeLa-CCL2"))
    assert (gene.ext_id, gene.ext_db, gene.entity_type) == ("9474", "NCBI gene", "GENEPROD")


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        (
            "HumanDO.tsv",
            'id\tlabel\tsubClassOf\n"DOID:1612"\t"breast cancer"\t"a"\n"DOID:1612"\t"breast cancer"\t"b"\n',
            [("DOID:1612", "DISEASE", "breast cancer")],
        ),
        (
            "go_terms.tsv",
            "1\tGO:0005634\tcellular component\tnucleus\n2\tGO:0099999\tcellular component\tnucleus\n"
            "3\tGO:0000001\tbiological process\tinheritance\n4\tGO:0005555\tcellular component\tobsolete x\n",
            [("GO:0005634", "SUBCELLULAR", "nucleus")],
        ),
        ("taxa.tsv", "10090\tMus musculus\tspecies\t10088\t\x01\n", [("10090", "ORGANISM", "Mus musculus")]),
        (
            "cellosaurus.txt",
            "CC  head\nID   HeLa\nAC   CVCL_0030\nSY   Hela; He La\n//\n",
            [("CVCL_0030", "CELL_LINE", "HeLa")],
        ),
    ],
)
def test_files_as_they_come(name: str, text: str, expected: list[tuple[str, str, str]]) -> None:
    assert [(e.ext_id, e.entity_type, e.name) for e in read_ontology(name, text.encode())] == expected


def test_a_zip_with_one_file() -> None:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        archive.writestr("cl.obo", OBO)
    assert len(read_ontology("cl.obo.zip", sink.getvalue())) == 2


@pytest.mark.parametrize(
    ("name", "data"), [("x.tsv", b"a\tb\n"), ("x.obo.gz", b"no gzip"), ("x.tsv", b"\xff\xfe"), ("x.zip", b"PK")]
)
def test_what_cannot_be_read_is_named(name: str, data: bytes) -> None:
    with pytest.raises(UsageError, match=name.replace(".", r"\.")):
        read_ontology(name, data)


@pytest.mark.shared
def test_the_real_files_are_read(shared_data: Path) -> None:
    folder = shared_data / "ontologies"
    least = {
        "cl/cl-basic.obo.gz": 2000,
        "go/go_terms.tsv.gz": 3500,
        "uberon/UBERON.obo.zip": 10_000,
        "doid/HumanDO.tsv.gz": 10_000,
        "ncbi_gene/Mus_musculus.gene_info.gz": 30_000,
        "cellosaurus/cellosaurus_head_1000.txt.gz": 990,
        "ncbitaxon/taxons_subset_10000.tsv.gz": 9990,
        "obi/obi.obo.gz": 1000,
    }
    for name, n in least.items():
        entries = read_ontology(Path(name).name, (folder / name).read_bytes())
        assert len(entries) >= n, name
        assert all(e.ext_id and e.ext_db and e.name for e in entries[:500]), name
