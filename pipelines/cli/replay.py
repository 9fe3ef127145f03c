"""`nightcap quarantine replay`: rejected files once more through today's parsers and rules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pipelines.cli.night import run_whole_flow
from pipelines.errors import UsageError
from pipelines.feedback.issues import Issue
from pipelines.feedback.replay import choose_issues
from pipelines.feedback.step import read_issues
from pipelines.flows.replay import open_run, plan, read_withdrawn
from pipelines.settings import Settings


def replay(
    settings: Settings, identifiers: Sequence[str], reason: str | None, *, everything: bool, is_dry: bool
) -> dict[str, Any]:
    """{n, fixed, still_open, runs: [{night, run, files, is_done}], exit_code}; see the command's help."""
    issues = read_issues(settings)
    if reason and reason not in (known := sorted({i.reason for i in issues})):
        raise UsageError(f"nothing was rejected for the reason {reason!r}; there are: {', '.join(known) or 'none'}")
    chosen = choose_issues(issues, identifiers, reason, read_withdrawn(settings), everything=everything)
    runs: list[dict[str, Any]] = []
    for found, is_done in plan(chosen, settings):
        key = None if is_done or is_dry else open_run(settings, found)
        code = run_whole_flow(settings, "nightly_corpus", key, {}, force=False).exit_code if key else 0
        runs.append(
            {"night": found.night, "run": key, "files": len(found.files), "is_done": is_done, "exit_code": code}
        )
        if code:
            break
    fixed = _fixed(settings, chosen) if any(r["run"] for r in runs) else []
    return {"n": len(chosen), "fixed": fixed, "still_open": len(chosen) - len(fixed), "runs": runs,
            "exit_code": next((r["exit_code"] for r in runs if r["exit_code"]), 0)}  # fmt: skip


def _fixed(settings: Settings, chosen: Sequence[Issue]) -> list[str]:
    wanted = {i.issue_id for i in chosen}
    return sorted(i.issue_id for i in read_issues(settings) if i.issue_id in wanted and i.status == "fixed")


def describe(report: dict[str, Any], *, is_dry: bool) -> str:
    """The report in a sentence or two, with what to do next."""
    runs = [r for r in report["runs"] if not r["is_done"]]
    if not report["n"]:
        return "nothing to replay: no open issue of which the raw bytes were read"
    if not runs:
        return f"{report['n']} issues: read again by today's parsers and rules already, nothing changed"
    if is_dry:
        plans = ", ".join(f"{r['files']} files of {r['night']}" for r in runs)
        return f"{report['n']} issues: {plans} would be read again, each night as a further run of it"
    done = f"{len(report['fixed'])} of {report['n']} issues fixed, {report['still_open']} still open"
    return f"{done}; `nightcap run reload_predictions` shows it to analysts" if report["fixed"] else done
