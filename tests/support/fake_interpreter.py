"""Stands where runtime.python stands: behaves as the step's name says, so that the runner can be tried alone.

Called as `python fake_interpreter.py -m pipelines run FLOW --only BEHAVIOUR [--name value …] --json`. Processes that
it leaves running write their ids to the file named by --home, else to FLOW.pids in NIGHTCAP_HOME, one a line.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from pipelines.flows.lifeline import hold_lifeline

_SLEEPER = "import time; time.sleep(600)"
_STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"


def note_pids(path: str, *pids: int) -> None:
    whole = Path(f"{path}.new")
    whole.write_text("\n".join(str(pid) for pid in pids))
    whole.rename(path)


def linger(pids_file: str, code: str = _SLEEPER) -> None:
    """Silent, with a grandchild that holds the output open; both ignore SIGTERM if the code says so."""
    if code == _STUBBORN:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    grandchild = subprocess.Popen([sys.executable, "-c", code])
    note_pids(pids_file, os.getpid(), grandchild.pid)
    time.sleep(600)


def leave_grandchild(pids_file: str) -> None:
    """End well, and leave a grandchild that holds the output open."""
    grandchild = subprocess.Popen([sys.executable, "-c", _SLEEPER])
    note_pids(pids_file, os.getpid(), grandchild.pid)


def main(words: list[str]) -> int:
    flow, behaviour = words[words.index("run") + 1], words[words.index("--only") + 1]
    rest = words[words.index("--only") + 2 :]
    if os.environ.get("NIGHTCAP_LIFELINE") == "1":
        hold_lifeline()
    home = os.environ.get("NIGHTCAP_HOME", ".")
    pids_file = rest[rest.index("--home") + 1] if "--home" in rest else f"{home}/{flow}.pids"
    print(f"this is {behaviour}", file=sys.stderr)
    if behaviour.startswith("exit"):
        print("the reason in words", file=sys.stderr)
        return int(behaviour.removeprefix("exit"))
    if behaviour == "crash":
        os.kill(os.getpid(), signal.SIGKILL)
    if behaviour == "mute":
        return 0
    if behaviour == "stubborn":
        linger(pids_file, _STUBBORN)
    if act := {"linger": linger, "leave": leave_grandchild}.get(behaviour):
        act(pids_file)
    if behaviour == "flood":
        print("\n".join(f"line {i}" for i in range(50_000)), file=sys.stderr)
        print("x" * 1_000_000)
    if behaviour == "note":
        with Path(f"{home}/{flow}.calls").open("a") as calls:
            calls.write(json.dumps(rest) + "\n")
    result: dict[str, object] = {"flow": flow, "step": behaviour, "run": "key-1", "uri": "", "counts": {"rows": 1}}
    if behaviour == "skip":
        result["skipped"] = "nothing to do"
    print(json.dumps({**result, "args": rest, "stdin": sys.stdin.read()}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
