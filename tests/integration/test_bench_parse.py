"""`nightcap bench parse` measures what it says, on loose files and archives, and says what it lacks."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ARTICLE = """<article><front><journal-meta><journal-id journal-id-type="nlm-ta">J</journal-id>
<journal-title-group><journal-title>J</journal-title></journal-title-group></journal-meta><article-meta>
<article-id pub-id-type="pmid">{n}</article-id><article-id pub-id-type="pmc">{n}</article-id>
<article-id pub-id-type="doi">10.1/{n}</article-id>
<article-categories><subj-group><subject>S</subject></subj-group></article-categories>
<title-group><article-title>T</article-title></title-group>
<contrib-group><contrib contrib-type="author"><name><surname>A</surname><given-names>B</given-names></name>
<xref ref-type="aff" rid="a1"/></contrib></contrib-group>
<aff id="a1">Here</aff>
<pub-date pub-type="collection"><day>1</day><month>2</month><year>2020</year></pub-date><abstract><p>A.</p></abstract>
</article-meta></front>
<body><sec><title>R</title><p>Text.</p><fig id="f"><label>Figure 1</label>
<caption><p>Legend {n}.</p></caption><graphic href="g"/></fig></sec></body>
<back><ref-list><ref id="r1"><mixed-citation>X</mixed-citation></ref></ref-list></back></article>"""
KEYS = ("ratio_vs_pubmed_parser", "ratio_vs_pubmed_parser_captions", "ratio_vs_lxml", "docs_per_s", "speedup_2_cores")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "articles"
    folder.mkdir()
    (folder / "1.xml").write_text(ARTICLE.format(n=1))
    (folder / "broken.xml").write_text("<article>")
    (folder / "manifest.csv").write_text("no XML")
    with zipfile.ZipFile(folder / "more.zip", "w") as archive:
        archive.writestr("2.nxml", ARTICLE.format(n=2))
    return folder


def test_the_report_has_what_the_contract_asks(nightcap: list[str], folder: Path, tmp_path: Path) -> None:
    command = [*nightcap, "bench", "parse", "--articles", str(folder), "--json", "--home", str(tmp_path / "home")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout.splitlines()[-1])
    compared = report["compared"]
    assert (compared["files"], compared["timed_files"], compared["documents"]) == (3, 2, 2)
    assert compared["refused_by"]["nightcap"] == 1
    assert len(report["runs"]) == 5
    for key in KEYS:
        assert 0 < report[key]["min"] <= report[key]["median"] <= report[key]["max"]
    assert 10 < report["peak_mib"] < 300
    assert report["machine"]["cores"] >= 1
    assert not (tmp_path / "home").exists()


def test_without_pubmed_parser_it_says_how_to_get_it(folder: Path) -> None:
    code = (
        "import sys\nsys.modules['pubmed_parser'] = None\n"
        f"sys.argv = ['nightcap', 'bench', 'parse', '--articles', {str(folder)!r}]\n"
        "from pipelines.cli import main\nmain()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "make install" in done.stderr


def test_a_folder_without_articles_is_a_usage_error(nightcap: list[str], tmp_path: Path) -> None:
    done = subprocess.run(
        [*nightcap, "bench", "parse", "--articles", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "holds no .xml file" in done.stderr
