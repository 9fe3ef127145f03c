"""A night whose landing, staging, quarantine, reports and corpus remote lie on a real S3-compatible server.

Nothing takes a local path for granted, and the corpus is byte for byte the local one.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from killing import run_nightcap
from s3_server import ACCESS, serve_s3

STEPS = ("pull", "parse", "check", "freeze", "close")


def night(home: Path, options: dict[str, str], environ: dict[str, str]) -> None:
    key: list[str] = []
    words = [w for name, value in options.items() for w in (f"--{name}", value)]
    for step in STEPS:
        run_nightcap(
            "run",
            "nightly_corpus",
            "--only",
            step,
            *words,
            *key,
            "--config",
            "demo",
            "--home",
            str(home),
            environ=environ,
        )
        key = ["--run", options["date"]]


@pytest.mark.timeout(900)
def test_the_corpus_on_s3_is_the_local_one(small_nights: list[dict[str, str]], tmp_path: Path) -> None:
    local, remote = tmp_path / "local", tmp_path / "remote"
    with serve_s3(tmp_path / "s3", "nightcap", "corpus") as endpoint:
        environ = {
            **ACCESS,
            "NIGHTCAP_S3__ENDPOINT_URL": endpoint,
            "NIGHTCAP_STORAGE__CORPUS_REMOTE": "s3://corpus/dvc",
        }
        for part in ("landing", "staging", "quarantine", "reports"):
            environ[f"NIGHTCAP_STORAGE__{part.upper()}"] = f"s3://nightcap/{part}"
        for options in small_nights:
            night(local, options, {})
            night(remote, options, environ)
        for version in ("corpus/2026-11-18", "corpus/2026-11-19"):
            run_nightcap("corpus", "verify", version, "--home", str(remote), environ=environ)
        digests = [
            run_nightcap("corpus", "digest", "--home", str(h), environ=e).stdout
            for h, e in ((local, {}), (remote, environ))
        ]
        assert digests[0] == digests[1]
        pointers = [(h / "corpus" / "data.dvc").read_text() for h in (local, remote)]
        assert pointers[0] == pointers[1]
        assert not (remote / "landing").exists()
        assert not (remote / "remotes" / "dvc").exists()
        assert list((tmp_path / "s3" / "corpus" / "dvc").rglob("*.dir"))
