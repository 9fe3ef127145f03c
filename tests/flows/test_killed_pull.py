"""A pull killed with SIGKILL half way: run again, it fetches what is not landed, and no object more than once more."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from killing import run_nightcap
from pmc_bucket import BUCKET, PmcBucket
from s3_proxy import Proxy, serve_proxy
from s3_server import serve_s3

from pipelines.clients.objectstore import LocalStore, raw_key
from pipelines.sources.manifests import read_manifest

WORKERS = 2
#: Articles that a kill may cost: a chunk of the journal, and what was under way.
MOST_LOST = 20 + WORKERS * 4
ARGS = ("run", "nightly_corpus", "--only", "pull", "--source", "pmc", "--date", "2026-11-18", "--config", "demo")


def kill_at(args: tuple[str, ...], environ: dict[str, str], proxy: Proxy, n_objects: int) -> None:
    """Start the pull, and SIGKILL it once so many objects have been handed out."""
    command, quiet = [sys.executable, "-m", "pipelines", *args], subprocess.DEVNULL
    process = subprocess.Popen(command, env={**os.environ, **environ}, start_new_session=True, stdout=quiet,
                               stderr=quiet)  # fmt: skip
    deadline = time.monotonic() + 240
    while len(objects(proxy)) < n_objects and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    assert process.poll() is None, f"the pull ended ({process.poll()}) before it was killed"
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def objects(proxy: Proxy) -> dict[str, int]:
    """Articles' files handed out so far, and how often."""
    return {path: n for path, n in list(proxy.gets.items()) if "/PMC" in path}


@pytest.mark.parametrize("n_objects", [100, pytest.param(1000, marks=pytest.mark.full)])
@pytest.mark.timeout(600)
def test_a_killed_pull_goes_on_with_what_it_has(tmp_path: Path, n_objects: int) -> None:
    folder, home = tmp_path / "s3", tmp_path / "home"
    bucket = PmcBucket(folder)
    for n in range(1, n_objects // 2 + 1):
        bucket.put(n)
    bucket.take_inventory("2026-11-18")
    with serve_s3(folder, is_public=True) as endpoint, serve_proxy(endpoint) as proxy:
        environ = {"NIGHTCAP_SOURCES__PMC__LOCATION": f"s3://{BUCKET}", "NIGHTCAP_PULL__WORKERS": str(WORKERS),
                   "NIGHTCAP_SOURCES__PMC__ENDPOINT_URL": proxy.url}  # fmt: skip
        args = (*ARGS, "--home", str(home))
        kill_at(args, environ, proxy, n_objects * 6 // 10)
        n_before = len(objects(proxy))
        assert n_before < n_objects
        assert not list(home.rglob("manifest-*")), "no manifest before all is landed"
        run_nightcap(*args, environ=environ)
        found = objects(proxy)
    assert len(found) == n_objects, "none is missing"
    assert max(found.values()) <= 2, "each is fetched at most once more"
    assert sum(n - 1 for n in found.values()) <= 2 * MOST_LOST, "what was noted as landed is not fetched again"
    landing = LocalStore(home / "landing")
    entries = read_manifest(landing, "nights/2026-11-18/manifest-0.jsonl")["entries"]
    assert len({e["name"] for e in entries}) == len(entries) == n_objects
    assert all(e["status"] == "valid" and landing.exists(raw_key(e["raw_sha256"])) for e in entries)
