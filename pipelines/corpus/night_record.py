"""The row that a night leaves in its record: counts, status, one sentence. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pipelines.core.quarantine import issue_row
from pipelines.core.records import DELETION, Reason
from pipelines.core.runs import Run


def _valid(accounts: Iterable[Mapping[str, Any]], unit: str) -> int:
    return sum(int(r["valid"]) for r in accounts if r["stage"] == "freeze" and r["unit"] == unit)


def night_row(
    newest: str | None,
    run: Run,
    results: Mapping[str, Mapping[str, Any]],
    accounts: Sequence[Mapping[str, Any]],
    seconds: float,
) -> dict[str, object]:
    assert run.night is not None
    frozen = results.get("freeze", {})
    version = None if frozen.get("skipped") else frozen.get("uri") or None
    rejected = sum(int(r["quarantined"]) for r in accounts if r["stage"] in ("pull", "parse", "check"))
    missing = dict(results.get("pull", {}).get("extra", {}).get("sources_missing", {}))
    status = "incomplete" if missing else "published" if version else "rejected_only" if rejected else "unchanged"
    counts = {f"n_{u}s": _valid(accounts, u) for u in ("document", "figure", "annotation")}
    return {
        "night": run.night.isoformat(),
        "run_key": run.key,
        "corpus_version": version or newest,
        "status": status,
        "sources_missing": sorted(missing),
        **counts,
        "n_quarantined": rejected,
        "seconds": round(seconds, 1),
        "message": _night_message(status, version, counts, rejected, missing),
    }


def _night_message(
    status: str, version: object, counts: Mapping[str, int], rejected: int, missing: Mapping[str, str]
) -> str:
    if status == "unchanged":
        return "Nothing new: no version was made."
    news = ", ".join(f"{n} {k[2:]}" for k, n in counts.items())
    made = f"{version} adds {news}" if version else "No new version"
    lacks = "".join(f" {source} is missing: {why}." for source, why in missing.items())
    return f"{made}; {rejected} units were rejected.{lacks}"


def deletes_nothing(night: str, figure: Mapping[str, object], name: str) -> dict[str, object]:
    """The row of the quarantine for a deletion of a figure that its sender has not delivered; `name`: of its file."""
    label = figure["label"] or figure["figure_id"]
    row = {
        "source": figure["source"], "unit": DELETION, "reason": Reason.DELETES_NOTHING, "name": name,
        "message": f"{label} of {figure['doc_id']} has not come from this sender at this review stage: nothing is "
        "taken back, unless it comes later with an older date",
        "delivery_id": figure["delivery_id"], "raw_sha256": figure["raw_sha256"], "rule": "freeze",
        "payload": {n: figure[n] for n in ("doc_id", "figure_id", "label")},
    }  # fmt: skip
    return issue_row(night, row, str(figure["figure_id"]))


def nights_missing(nights: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Source → closed nights in a row, up to the last, that could not read it; `nights` in their order. The last run of
    a night counts."""
    last_runs = {str(row["night"]): row["sources_missing"] for row in nights}
    out: dict[str, int] = {}
    for n, missing in enumerate(reversed(list(last_runs.values()))):
        for source in missing:
            if out.get(source, 0) == n:
                out[source] = n + 1
    return out
