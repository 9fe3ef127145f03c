"""Nights from Europe PMC through the command: a dozen synthetic articles, the same night again, then a retraction and
an article that became open, and a provider that is down.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fake_europepmc import BASE, FakeEuropePmc, sample_articles
from http_server import Answer, Provider, serve
from killing import run_nightcap

pytestmark = pytest.mark.timeout(900)


@pytest.fixture
def provider(sample_folder: Path) -> Iterator[Provider]:
    articles = sample_articles(sample_folder / "2026-11-18" / "articles", 12, ["2026-11-16", "2026-11-17"])
    articles[3].is_open = False
    with serve(FakeEuropePmc(articles)) as running:
        yield running


def environ(provider: Provider) -> dict[str, str]:
    return {
        "NIGHTCAP_SOURCES__EUROPEPMC__URL": f"{provider.url}{BASE}", "NIGHTCAP_SOURCES__EUROPEPMC__PAGE_SIZE": "5",
        "NIGHTCAP_SOURCES__EUROPEPMC__RATE_PER_S": "1000.0", "NIGHTCAP_HTTP__RETRIES": "1",
        "NIGHTCAP_HTTP__FIRST_WAIT_S": "0.01",
    }  # fmt: skip


def command(home: Path, date: str, *args: str) -> list[str]:
    return ["run", "nightly_corpus", "--date", date, "--home", str(home), "--config", "demo", "--json", *args]


def rows(home: Path, table: str) -> list[dict[str, object]]:
    """What the last version added."""
    files = sorted((home / "corpus" / "data" / table).rglob("*.parquet"))
    return [row for path in files for row in pa.Table.to_pylist(pq.read_table(path))]


def failed_pull(home: Path, night: str, provider: Provider) -> str:
    """What a pull says that fails and may be tried again."""
    pull = [sys.executable, "-m", "pipelines", *command(home, night, "--only", "pull")]
    done = subprocess.run(pull, capture_output=True, text=True, env={**os.environ, **environ(provider)}, check=False)
    assert done.returncode == 4
    return done.stdout + done.stderr


def test_nights(provider: Provider, tmp_path: Path) -> None:
    fake, home = provider.answer, tmp_path / "home"
    assert isinstance(fake, FakeEuropePmc)
    run_nightcap(*command(home, "2026-11-18"), environ=environ(provider))
    assert {d["source"] for d in rows(home, "documents")} == {"europepmc"}
    assert len(rows(home, "documents")) == 11
    names = {r["alias"]: r["doc_id"] for r in rows(home, "id_aliases")}
    assert all(names[f"pmid:{a.pmid}"] == a.doi for a in fake.articles)
    again = run_nightcap(*command(home, "2026-11-18", "--only", "pull"), environ=environ(provider))
    assert "nothing new since the last run" in again.stdout

    retracted, opened = fake.articles[0], fake.articles[3]
    retracted.statements = [
        {"id": "39999999", "source": "MED", "type": "Retraction in", "reference": "J Demo. 2026 Nov 17;5:6"}
    ]
    opened.is_open = True
    for changed in (retracted, opened):
        changed.day = "2026-11-18"
    run_nightcap(*command(home, "2026-11-19"), environ=environ(provider))
    assert [d["doc_id"] for d in rows(home, "documents")] == [opened.doi]
    events = [(e["doc_id"], e["event"], str(e["event_date"]), e["notice_id"]) for e in rows(home, "document_events")
              if e["event"] == "retraction"]  # fmt: skip
    assert events == [(retracted.doi, "retraction", "2026-11-17", "pmid:39999999")]

    provider.answer = lambda asked: Answer(503)
    assert "status 503" in failed_pull(home, "2026-11-20", provider)
    provider.answer = fake
    up = run_nightcap(*command(home, "2026-11-20", "--only", "pull"), environ=environ(provider))
    assert "0 new or changed, 7 as before" in up.stdout


def test_a_provider_without_any_full_text_is_no_quiet_night(provider: Provider, tmp_path: Path) -> None:
    fake, home = provider.answer, tmp_path / "home"
    assert isinstance(fake, FakeEuropePmc)
    provider.answer = lambda asked: fake(asked) if asked.path == f"{BASE}/search" else Answer(404)
    assert "none of the 11 articles asked for could be read" in failed_pull(home, "2026-11-18", provider)
    provider.answer = fake
    back = run_nightcap(*command(home, "2026-11-18", "--only", "pull"), environ=environ(provider))
    assert "12 new or changed" in back.stdout
    assert "23 valid, 1 ignored" in back.stdout
