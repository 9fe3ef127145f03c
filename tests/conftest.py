"""What every test gets: a clean environment, no network but loopback, and the real data where it is."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared" / "data"
_SCRUBBED = ("NIGHTCAP_", "AIRFLOW", "MLFLOW_", "AWS_", "HF_", "DVC_", "GIT_")


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(_SCRUBBED):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("TOKENIZERS_PARALLELISM", "false")


def _is_local(address: object) -> bool:
    if not isinstance(address, tuple):
        return True
    return str(address[0]) in ("localhost", "::1", "0.0.0.0") or str(address[0]).startswith("127.")


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    connect = socket.socket.connect

    def refuse(self: socket.socket, address: object) -> None:
        if not _is_local(address):
            raise AssertionError(f"a test wanted to reach {address}")
        connect(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.fixture
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data; a test without it is skipped, but in CI it must be there."""
    if not SHARED.is_dir():
        if os.environ.get("CI"):
            pytest.fail(f"CI must have the real data at {SHARED}")
        pytest.skip("the real data (../shared/data) are not here")
    return SHARED


@pytest.fixture
def nightcap() -> list[str]:
    """Command line of `nightcap` in this interpreter."""
    return [sys.executable, "-m", "pipelines"]
