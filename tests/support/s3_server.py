"""A real S3-compatible server on loopback: rclone serve s3, which comes as a wheel."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ACCESS = {
    "AWS_ACCESS_KEY_ID": "nightcap-test",
    "AWS_SECRET_ACCESS_KEY": "nightcap-test-secret",
    "AWS_DEFAULT_REGION": "us-east-1",
}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert process.poll() is None, "rclone serve s3 ended"
        time.sleep(0.1)
    raise AssertionError("rclone serve s3 does not answer")


@contextmanager
def serve_s3(folder: Path, *buckets: str, is_public: bool = False) -> Iterator[str]:
    """Endpoint of a server whose buckets are folders below `folder`; ended with the block.

    `is_public`: anybody reads, without credentials."""
    rclone = shutil.which("rclone") or str(Path(sys.executable).with_name("rclone"))
    for bucket in buckets:
        (folder / bucket).mkdir(parents=True, exist_ok=True)
    port = free_port()
    keys = f"{ACCESS['AWS_ACCESS_KEY_ID']},{ACCESS['AWS_SECRET_ACCESS_KEY']}"
    # what is read by anybody is changed behind the server's back: it must not remember folders
    options = ["--dir-cache-time", "0s"] if is_public else ["--auth-key", keys]
    command = [rclone, "serve", "s3", "--addr", f"127.0.0.1:{port}", *options, "--config", "", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=20)
