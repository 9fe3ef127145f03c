"""Runs publish over a home and kills itself, without warning, before the n-th side effect on it (0: runs to the end and
prints how many there were). The list of effects is taken from the run itself, by an audit hook."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

_WRITES = ("os.rename", "os.remove", "os.link", "os.symlink", "os.mkdir", "os.rmdir", "os.truncate", "sqlite3.connect")


class Effects:
    """Counts side effects below a folder; kills at the chosen one."""

    def __init__(self, root: Path, kill_at: int) -> None:
        self.root, self.kill_at, self.seen = str(root), kill_at, 0

    def __call__(self, event: str, args: tuple[object, ...]) -> None:
        is_write = event in _WRITES or (event == "open" and isinstance(args[1], str) and set(args[1]) & set("wax+"))
        if not is_write or not any(self.root in str(a) for a in args):
            return
        self.seen += 1
        if self.seen == self.kill_at:
            os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    root, kill_at = Path(sys.argv[1]), int(sys.argv[2])
    from pipelines.analytics.step import run_publish
    from pipelines.core.runs import Run
    from pipelines.settings import load

    settings = load({}, root, "demo")
    effects = Effects(root, kill_at)
    sys.addaudithook(effects)
    run_publish(settings, Run("reload_predictions", "killed"))
    print(effects.seen)


if __name__ == "__main__":
    main()
