"""Put on PYTHONPATH of a step: numbers every side effect of its process and can stop it before one of them.

NC_TRACE names the file that gets one line per side effect; at number NC_STOP_AT the process writes NC_TRACE.stopped and
waits to be killed from outside. Programs that the step starts (git, dvc) count as one side effect each.
"""

import os
import sys
import time

_TRACE = os.environ.get("NC_TRACE")
_STOP_AT = int(os.environ.get("NC_STOP_AT", "-1"))
_ROOT = os.environ.get("NC_ROOT", "/nowhere")
_PATHS = {"os.rename", "os.remove", "os.symlink", "os.link", "os.truncate", "shutil.rmtree", "os.mkdir", "os.rmdir"}
_count = 0


def _describe(event, args):
    if event == "open":
        path, mode, flags = args
        writes = (isinstance(mode, str) and any(c in mode for c in "wax+")) or (
            isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        )
        return f"write {path}" if writes and str(path).startswith(_ROOT) else None
    if event == "subprocess.Popen":
        return "run " + " ".join(map(str, args[1]))
    if event == "sqlite3.connect":
        return f"sqlite {args[0]}" if str(args[0]).startswith(_ROOT) else None
    if event in _PATHS and str(args[0]).startswith(_ROOT):
        return f"{event} {args[0]}"
    return None


def _hook(event, args):
    global _count
    what = _describe(event, args) if _TRACE and not str(args[:1]).count(".nc-trace") else None
    if what is None:
        return
    _count += 1
    number = _count
    descriptor = os.open(_TRACE, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(descriptor, (what.replace("\n", " ") + "\n").encode())
    os.close(descriptor)
    if number == _STOP_AT:
        os.close(os.open(_TRACE + ".stopped", os.O_WRONLY | os.O_CREAT))
        time.sleep(600)


if _TRACE and "pipelines" in sys.orig_argv:
    sys.addaudithook(_hook)
