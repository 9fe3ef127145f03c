"""What an older parser read wrongly is read again: the new reading is current, the rest is left as it is."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from pipelines import settings as settings_module
from pipelines.clients.corpus_repo import CorpusRepo
from pipelines.clients.objectstore import open_part
from pipelines.corpus.compare.step import compute_digest, diff_versions
from pipelines.corpus.withdrawal.step import withdraw
from pipelines.errors import UsageError
from pipelines.flows.execute import execute
from pipelines.flows.reparse import Asked, reparse
from pipelines.settings import Settings

pytestmark = pytest.mark.timeout(1200)
NIGHT = "2026-11-18"
JATS = """<article xmlns:xlink="http://www.w3.org/1999/xlink"><front><article-meta>
<article-id pub-id-type="doi">{doi}</article-id><title-group><article-title>{doi}</article-title></title-group>
</article-meta></front><body><fig id="f1"><label>Figure 1</label><caption><p>{legend}</p></caption></fig></body>
</article>
"""
LEGENDS = {
    "10.5555/a": "Liver of mice fed with glucose shows Akt1 in hepatocytes",
    "10.5555/b": "Kidney of rats at rest",
}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A home with one night, frozen as an older parser would have read it: the legend of one paper lost its end."""
    articles = tmp_path / "articles"
    articles.mkdir()
    for doi, legend in LEGENDS.items():
        (articles / f"{doi[-1]}.xml").write_text(JATS.format(doi=doi, legend=legend))
    settings = settings_module.load({}, tmp_path / "home", "demo")
    run_night(settings, articles, spoil=True)
    return settings


def run_night(settings: Settings, articles: Path, *, spoil: bool) -> None:
    options = {"date": NIGHT, "articles": str(articles)}
    key: str | None = None
    for step in ("pull", "parse", "check", "freeze", "close"):
        if step == "freeze" and spoil:
            _spoil(settings)
        execute(settings, "nightly_corpus", step, key, {} if key else options)
        key = NIGHT


def _spoil(settings: Settings) -> None:
    """Rows of 10.5555/a as parser version 0 read them; its hash sorts after every other one."""
    store = open_part(settings, "staging")
    for table in ("documents", "figures"):
        key = f"{NIGHT}/check/{table}.parquet"
        data = pq.read_table(io.BytesIO(store.read(key)))
        is_a = pc.equal(data["doc_id"], "10.5555/a")
        changes = {"parser_version": 0, "record_sha256": "f" * 64}
        if table == "figures":
            changes |= {"legend": "Liver of mice fed with glucose shows", "legend_sha256": "e" * 64}
        for name, value in changes.items():
            place = data.schema.get_field_index(name)
            kind = data.schema.field(name)
            column = pc.if_else(is_a, pa.scalar(value, kind.type), data[name])
            data = data.set_column(place, kind, column)
        sink = io.BytesIO()
        pq.write_table(data, sink)
        store.write(key, sink.getvalue())


def digest(settings: Settings, version: str = "HEAD") -> str:
    return compute_digest(settings, CorpusRepo(settings).files(version))


def test_the_new_reading_is_current_and_a_second_time_there_is_nothing(settings: Settings, tmp_path: Path) -> None:
    clean = settings_module.load({}, tmp_path / "clean", "demo")
    run_night(clean, tmp_path / "articles", spoil=False)
    assert digest(settings) != digest(clean)
    done = reparse(settings, Asked(), lambda _: None)
    assert done == {"runs": {f"{NIGHT}.1": f"corpus/{NIGHT}.1"}, "n_files": 2, "n_differing": 1, "skipped": 0}
    assert digest(settings) == digest(clean)
    repo = CorpusRepo(settings)
    diff = diff_versions(settings, repo.files(f"corpus/{NIGHT}"), repo.files())
    assert [(f["figure_id"], f["change"]) for f in diff["figure_changes"]] == [("10.5555/a#fig-1", "changed")]
    manifest = repo.manifests()[-1]
    assert manifest["rows"] == {"documents": 1, "figures": 1}
    assert reparse(settings, Asked(), lambda _: None)["skipped"] == 1
    again = reparse(settings, Asked(parser="jats"), lambda _: None)
    assert (again["n_files"], again["n_differing"], again["runs"]) == (2, 0, {})


def test_an_older_reading_that_arrives_later_does_not_win(settings: Settings) -> None:
    reparse(settings, Asked(), lambda _: None)
    right = digest(settings)
    night = settings.path("runs", "nightly_corpus")
    assert json.loads((night / f"{NIGHT}.1" / "request.json").read_text())["reparse"] == NIGHT
    from pipelines.corpus.index import Index
    from pipelines.corpus.step import bring_forward

    index = Index(settings.path("index", "index.db"))
    bring_forward(CorpusRepo(settings), index)
    forward, key = index.fingerprint(), index.current_key("10.5555/a")
    assert key is not None
    assert key.sha != "f" * 64
    index.reset()
    bring_forward(CorpusRepo(settings), index)
    assert index.fingerprint() == forward
    index.close()
    assert digest(settings) == right


def test_only_what_is_asked_for_and_nothing_that_was_withdrawn(settings: Settings) -> None:
    assert reparse(settings, Asked(doc="10.5555/B"), lambda _: None)["n_files"] == 1
    with pytest.raises(UsageError, match="no document"):
        reparse(settings, Asked(doc="10.5555/none"), lambda _: None)
    with pytest.raises(UsageError, match=r"no file of format 'word' was pulled: jats"):
        reparse(settings, Asked(parser="word"), lambda _: None)
    withdraw(settings, NIGHT, "wrong", "ada")
    before = digest(settings)
    assert reparse(settings, Asked(), lambda _: None)["n_files"] == 0
    assert digest(settings) == before


def test_a_reparse_that_was_ended_goes_on(settings: Settings) -> None:
    said: list[str] = []

    def stop_at_freeze(line: str) -> None:
        said.append(line)
        if " check:" in line:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        reparse(settings, Asked(), stop_at_freeze)
    done = reparse(settings, Asked(), said.append)
    assert done["runs"] == {f"{NIGHT}.1": f"corpus/{NIGHT}.1"}
    assert reparse(settings, Asked(parser="jats"), said.append)["n_differing"] == 0
