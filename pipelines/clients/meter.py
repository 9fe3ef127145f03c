"""What work cost: seconds, bytes read and written, as the operating system counts them."""

from __future__ import annotations

import time
from pathlib import Path

_IO = Path("/proc/self/io")


def io_bytes() -> tuple[int, int]:
    """(read, written) by this process and the programs it has waited for, caches included; zeros but on Linux."""
    if not _IO.is_file():
        return 0, 0
    counted = dict(line.split(": ") for line in _IO.read_text().splitlines())
    return int(counted["rchar"]), int(counted["wchar"])


class Meter:
    """Laps: each gives what has passed since the one before to a named part of the work."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.bytes_read: dict[str, int] = {}
        self.bytes_written: dict[str, int] = {}
        self._last = time.monotonic(), *io_bytes()

    def lap(self, part: str) -> None:
        now = time.monotonic(), *io_bytes()
        self.seconds[part] = round(self.seconds.get(part, 0.0) + now[0] - self._last[0], 3)
        self.bytes_read[part] = self.bytes_read.get(part, 0) + now[1] - self._last[1]
        self.bytes_written[part] = self.bytes_written.get(part, 0) + now[2] - self._last[2]
        self._last = now

    def to_dict(self) -> dict[str, object]:
        return {"seconds": self.seconds, "bytes_read": self.bytes_read, "bytes_written": self.bytes_written}
