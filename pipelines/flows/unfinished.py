"""Nights that began and did not end: what of `runs/` the records of closed nights do not say."""

from __future__ import annotations

from pipelines.flows.execute import read_failure, read_result, run_keys, step_names
from pipelines.settings import Settings

_FLOW = "nightly_corpus"
_SHOWN = 300


def list_unfinished(settings: Settings) -> list[dict[str, str]]:
    """{night, run_key, step, error, next} of the runs since the last closed one that did not end, newest first.

    What an older one left, the closed night has taken: every night lists its sources anew. A run with nothing to do,
    or under a hold, has ended.
    """
    out = []
    for key in reversed(run_keys(settings)):
        failure, closed = read_failure(settings, key), read_result(settings, _FLOW, key, "close")
        if closed and closed.get("uri"):
            break
        if failure is None and closed:
            continue
        left = [s for s in step_names(_FLOW) if read_result(settings, _FLOW, key, s) is None]
        said = failure or {"step": left[0], "error": "still running, or killed"}
        line = " ".join(str(said["error"]).split())
        out.append({"night": key.partition(".")[0], "run_key": key, "step": str(said["step"]),
                    "error": line if len(line) <= _SHOWN else f"{line[:_SHOWN]} …",
                    "next": f"nightcap run {_FLOW} --run {key}"})  # fmt: skip
    return out
