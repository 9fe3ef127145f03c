"""Rejected units as issues: one a fault over all nights, with its status. Pure.

open: rejected, and nothing better came. fixed: a later night accepted a file of that name from that source, or another
file with the figure (else the document) in question, and the fault did not come again with it. waived: somebody decided
that it may stay so, and said why; a purge is such a decision. "Later" is the order of nights, as for revisions, not the
order of arrival.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from pipelines.core.records import Reason
from pipelines.core.waivers import Assignment, Waiver
from pipelines.errors import UsageError

Row = Mapping[str, Any]
#: (night, number of the run in it).
Order = tuple[str, int]
STATUSES = ("open", "fixed", "waived")
#: An article's own ids in SourceData, JATS and BioC; not those of its references.
_DOI = re.compile(rb"""(?:\bdoi=["']|<article-id[^>]*["']doi["'][^>]*>|key=["']doi["']>)\s*(10\.[^"'<\s]+)""")
_PMCID = re.compile(rb"""(?:<article-id[^>]*["']pmc(?:id)?["'][^>]*>|key=["']pmc_?id["']>)\s*(?:PMC)?(\d+)""")
_HEAD_BYTES = 100_000
_BY_PURGE = "the purge of its document: nobody can mend it"


@dataclass(frozen=True)
class Issue:
    """`night` is the first night of the fault, `last_night` the last one, from which the words are. `rule` is a rule of
    a suite (`suite.rule`) or the step that rejected it, `rule_version` what that was then."""

    issue_id: str
    night: str
    last_night: str
    last_run: str
    source: str
    unit: str
    reason: str
    message: str
    name: str
    locator: str
    delivery_id: str
    raw_sha256: str
    payload: str
    rule: str = ""
    rule_version: str = ""
    n_nights: int = 1
    status: str = "open"
    settled_by: str = ""
    sender: str = ""
    owner: str = ""
    note: str = ""

    @property
    def row(self) -> dict[str, Any]:
        """The rejected row as it came; empty where a whole file was rejected."""
        found = json.loads(self.payload or "{}")
        return found if isinstance(found, dict) else {"value": found}

    def to_dict(self) -> dict[str, Any]:
        return {**asdict(self), "payload": self.row}


@dataclass(frozen=True)
class Accepted:
    """Something of a delivery that a closed night took in: a file (`name`), or a figure or document of it."""

    order: Order
    source: str
    delivery_id: str
    name: str = ""
    doc_id: str = ""
    figure: str = ""

    @property
    def run_key(self) -> str:
        night, n = self.order
        return f"{night}.{n}" if n else night


@dataclass(frozen=True)
class Place:
    """What the issue is about: its document, and the figure (id, or the sender's own id) where it is in one."""

    doc_ids: frozenset[str] = frozenset()
    figures: frozenset[str] = frozenset()


@dataclass
class AcceptedIndex:
    """The newest night that accepted a thing, by (source, kind of thing, its name)."""

    newest: dict[tuple[str, str, str], list[Accepted]] = field(default_factory=dict)

    def add(self, item: Accepted) -> None:
        names = {"name": item.name, "doc": item.doc_id, "figure": f"{item.doc_id}#{item.figure}" if item.figure else ""}
        for kind, name in names.items():
            if name:
                self.newest.setdefault((item.source, kind, name), []).append(item)

    def later(self, issue: Issue, kind: str, name: str) -> list[Accepted]:
        after = order_of(issue.last_run)
        return sorted(
            (a for a in self.newest.get((issue.source, kind, name), ()) if a.order > after),
            key=lambda a: (a.order, a.delivery_id),
        )


def order_of(run_key: str) -> Order:
    """Nights in order, and the runs of one night in theirs."""
    night, _, n = run_key.partition(".")
    return night, int(n or 0)


def withdrawn_of(versions: Iterable[Row], brought: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """Of (run key, delivery id) those that a later version of the corpus hides: they fix nothing any more."""
    versions = list(versions)
    seqs = {str(v["run_key"]): v["seq"] for v in versions}
    gone = [v["withdrawn"] for v in versions if v.get("withdrawn")]
    return {
        (run_key, delivery_id) for run_key, delivery_id in brought for w in gone
        if run_key in seqs and seqs[run_key] <= w["through_seq"] and w["target"] in (delivery_id, order_of(run_key)[0])
    }  # fmt: skip


def merge_issues(rows: Iterable[Row]) -> list[Issue]:
    """One issue an id from the quarantine's rows (each with its `run_key`), in the words of the last run."""
    runs: dict[str, list[Row]] = {}
    for row in rows:
        runs.setdefault(str(row["issue_id"]), []).append(row)
    merged = [_merge(sorted(found, key=lambda r: order_of(str(r["run_key"])))) for found in runs.values()]
    return sorted(merged, key=lambda i: (i.reason, i.name, i.locator, i.issue_id))


def _merge(rows: Sequence[Row]) -> Issue:
    last = rows[-1]
    words = {c: str(last[c]) for c in ("issue_id", "source", "unit", "reason", "message", "name", "locator",
                                       "delivery_id", "raw_sha256", "payload")}  # fmt: skip
    words |= {c: str(last.get(c) or "") for c in ("rule", "rule_version", "sender")}
    nights = sorted({str(r["night"]) for r in rows})
    return Issue(**words, night=nights[0], last_night=nights[-1], last_run=str(last["run_key"]), n_nights=len(nights))


def named_figure(locator: str) -> str:
    """The sender's own id of a figure in a locator such as `fig 4001#sdTag1`, else empty."""
    head, mark, _ = locator.partition("#")
    return head.removeprefix("fig ").strip() if mark or head.startswith("fig ") else ""


def place_of(issue: Issue, records: Iterable[Row], head: bytes = b"") -> Place:
    """What an issue is about: from its row, the records of its file, else the DOI in the file's first bytes.

    `records` are rows with doc_id, figure_id and jats_id of what was accepted from the same raw bytes.
    """
    row, records = issue.row, list(records)
    figure_id = str(row.get("figure_id") or "")
    docs = {str(v) for v in (row.get("doc_id"), figure_id.partition("#")[0]) if v}
    docs |= {str(r["doc_id"]) for r in records}
    docs = docs or set(_ids_in(head[:_HEAD_BYTES]))
    wanted = {figure_id, named_figure(issue.locator)} - {""}
    figures = {w for w in wanted if w == figure_id or any(str(r.get("jats_id")) == w for r in records)}
    return Place(frozenset(docs), frozenset(figures))


def _ids_in(head: bytes) -> Iterator[str]:
    if match := _DOI.search(head):
        yield match[1].decode("utf-8", "replace").lower()
    if match := _PMCID.search(head):
        yield f"pmc:{match[1].decode()}"


def settle(
    issues: Iterable[Issue], places: Mapping[str, Place], accepted: AcceptedIndex, rejected: set[tuple[str, ...]],
    waivers: Mapping[str, Waiver],
) -> list[Issue]:  # fmt: skip
    """The issues with their status. `rejected` holds fault_key of every row, so that a fault under a new file name
    is no fix of the old one, nor a run in which it came again."""
    out = []
    for issue in issues:
        fix = _find_fix(issue, places.get(issue.issue_id, Place()), accepted, rejected)
        if issue.reason == Reason.PURGED:
            issue = replace(issue, status="waived", settled_by=_BY_PURGE)
        elif fix:
            issue = replace(issue, status="fixed", settled_by=fix)
        elif waiver := waivers.get(issue.issue_id):
            issue = replace(issue, status="waived", settled_by=f"{waiver.who}, {waiver.date}: {waiver.why}")
        out.append(issue)
    return out


def fault_key(run_key: str, delivery_id: str, unit: str, reason: str, locator: str) -> tuple[str, ...]:
    """A fault in what one run brought. Of what publishing finds no run is named: it counts for any."""
    return (run_key, delivery_id, unit, reason, locator)


def assign(issues: Iterable[Issue], assignments: Iterable[Assignment]) -> list[Issue]:
    """The issues with their owners and notes."""
    known = {a.issue_id: a for a in assignments}
    return [replace(i, owner=a.owner, note=a.note) if (a := known.get(i.issue_id)) else i for i in issues]


def state_rows(issues: Iterable[Issue]) -> list[dict[str, str]]:
    """What publishing must know of each issue beside its rejections.

    Of what publishing itself finds only what people decided: the rest it works out anew, and were it told what it found
    it would publish the same again.
    """
    return [
        {"issue_id": i.issue_id, "status": i.status, "settled_by": i.settled_by, "owner": i.owner, "note": i.note,
         "sender": i.sender}
        for i in issues if not i.rule.startswith("publish.") or i.status == "waived" or i.owner or i.note
    ]  # fmt: skip


def _find_fix(issue: Issue, place: Place, accepted: AcceptedIndex, rejected: set[tuple[str, ...]]) -> str | None:
    found = accepted.later(issue, "name", issue.name)
    for doc_id in sorted(place.doc_ids):
        if place.figures:
            for figure in sorted(place.figures):
                found += accepted.later(issue, "figure", f"{doc_id}#{figure}")
        else:
            found += accepted.later(issue, "doc", doc_id)
    for item in sorted(found, key=lambda a: (a.order, a.delivery_id)):
        fault = (item.delivery_id, issue.unit, issue.reason, issue.locator)
        if not {fault_key(item.run_key, *fault), fault_key("", *fault)} & rejected:
            return item.delivery_id if item.delivery_id != issue.delivery_id else f"replay {item.run_key}"
    return None


def select_issues(
    issues: Iterable[Issue], *, reason: str | None = None, night: str | None = None, status: str | None = None
) -> list[Issue]:
    """Those of one reason, of one night (rejected in it first, last or between) and of one status; open ones first."""
    if status and status not in STATUSES:
        raise UsageError(f"--status must be {', '.join(STATUSES)}, not {status}")
    found = [
        i for i in issues
        if (not reason or i.reason == reason) and (not status or i.status == status)
        and (not night or i.night <= night <= i.last_night)
    ]  # fmt: skip
    return sorted(found, key=lambda i: STATUSES.index(i.status))


def count_by(issues: Iterable[Issue], name: str) -> dict[str, int]:
    """How many issues by reason, status or another column, the most frequent first."""
    counts = Counter(str(getattr(i, name)) for i in issues)
    return dict(sorted(counts.items(), key=lambda c: (-c[1], c[0])))


def find_issue(issues: Sequence[Issue], identifier: str) -> Issue:
    """The issue with this id, or the one whose id begins so (four characters at least)."""
    wanted = identifier.strip().lower()
    found = [i for i in issues if i.issue_id == wanted]
    found = found or [i for i in issues if len(wanted) >= 4 and i.issue_id.startswith(wanted)]
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(f"{len(found)} issues begin with {identifier}: give more of the id")
    if len(wanted) < 4:
        raise UsageError(f"{identifier!r} is too short: give four characters of an id of `nightcap quarantine list`")
    raise UsageError(f"no issue {identifier!r}: `nightcap quarantine list` shows them")
