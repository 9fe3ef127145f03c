"""The child's end of the lifeline: a step whose runner is gone must not go on, for its retry may be running already.

A runner that is killed with SIGKILL can clean up nothing. So the child holds the read end of a pipe (its standard
input) whose write end only the runner has: end of file means that the runner is gone, however it went.
"""

from __future__ import annotations

import os
import signal
import threading


def hold_lifeline() -> None:
    """Kill the own process group as soon as standard input ends. For a process that leads a group of its own.

    Standard input becomes the null device, so that programs started by the step do not hold or read the pipe.
    Does nothing where this process leads no group: the signal would reach processes that are not the step's.
    """
    if os.getpgrp() != os.getpid():
        return
    pipe = os.dup(0)  # not inheritable (PEP 446)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    threading.Thread(target=_wait_for_end, args=(pipe,), name="lifeline", daemon=True).start()


def _wait_for_end(pipe: int) -> None:
    while os.read(pipe, 4096):
        pass
    os.killpg(os.getpgrp(), signal.SIGKILL)
