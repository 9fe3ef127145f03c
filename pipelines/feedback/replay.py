"""Which raw files to read once more, with today's parsers and rules, because something of them was rejected. Pure.

A replay is a further run of the night in which the rejection came, with the deliveries of that night: what is valid now
enters the corpus as if it had been so then, and does not outrank what came later.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipelines.core.records import Reason
from pipelines.errors import UsageError
from pipelines.feedback.issues import Issue, find_issue

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Replay:
    """Raw files of one night, by sha256 and sorted, and the issues because of which they are read again."""

    night: str
    files: tuple[str, ...]
    issue_ids: tuple[str, ...]

    def request(self, config: str, rules: str) -> dict[str, object]:
        """What the run is asked for. `rules`: the version of parsers and rules."""
        return {"night": self.night, "config": config, "replay": list(self.files), "rules": rules}

    def is_in(self, request: Row, rules: str) -> bool:
        """Whether another replay with this request read these files, with the same parsers and rules."""
        return request.get("rules") == rules and set(self.files) <= set(request.get("replay") or ())


def why_not(issue: Issue, withdrawn: Container[str]) -> str | None:
    """Why a replay cannot help an issue; None where it may. `withdrawn`: deliveries and nights."""
    if issue.status != "open":
        return f"it is {issue.status}"
    if issue.delivery_id in withdrawn or issue.last_night in withdrawn:
        return "what it came with was withdrawn from the corpus, and a replay would bring that back"
    if issue.rule.startswith("publish."):
        return "publishing works it out anew each time"
    if issue.reason == Reason.DELETES_NOTHING:
        return "nothing of it was rejected: it waits for the figure"
    if issue.rule == "pull" or not (issue.raw_sha256 or issue.unit == "delivery"):
        return "it was never read: the next night takes it when the file, its delivery.toml or the limit has changed"
    return None


def choose_issues(
    issues: Sequence[Issue], identifiers: Sequence[str], reason: str | None, withdrawn: Container[str], *,
    everything: bool,
) -> list[Issue]:  # fmt: skip
    """The issues that were asked for, one way or another. UsageError where none of them was named, or cannot be."""
    if sum((bool(identifiers), bool(reason), everything)) != 1:
        raise UsageError("say what to replay: ids of issues, --reason R, or --all")
    if identifiers:
        found = [find_issue(issues, i) for i in identifiers]
        for issue in found:
            if why := why_not(issue, withdrawn):
                raise UsageError(f"{issue.issue_id} cannot be replayed: {why}")
        return found
    return [i for i in issues if why_not(i, withdrawn) is None and (everything or i.reason == reason)]


def plan_replays(issues: Iterable[Issue], files_of: Callable[[Issue], Iterable[str]]) -> list[Replay]:
    """One replay a night, the oldest first. `files_of`: the raw files of a rejected delivery."""
    by_night: dict[str, list[Issue]] = {}
    for issue in issues:
        by_night.setdefault(issue.last_night, []).append(issue)
    return [
        Replay(
            night,
            tuple(sorted({f for i in mine for f in ([i.raw_sha256] if i.raw_sha256 else files_of(i))})),
            tuple(sorted(i.issue_id for i in mine)),
        )
        for night, mine in sorted(by_night.items())
    ]


def replay_lines(files: Iterable[str], manifests: Sequence[Iterable[Row]]) -> list[Row]:
    """Rows of the replay's manifest: each file as the first of the night's manifests lists it, with its delivery."""
    entries: dict[str, Row] = {}
    deliveries: dict[str, Row] = {}
    for rows in manifests:
        for row in rows:
            if row["row"] == "delivery":
                deliveries.setdefault(row["delivery_id"], row)
            elif row["row"] == "file" and row["status"] == "valid":
                entries.setdefault(row["raw_sha256"], row)
    chosen = [entries[f] for f in sorted(set(files)) if f in entries]
    return chosen + [deliveries[d] for d in sorted({str(e["delivery_id"]) for e in chosen}) if d in deliveries]
