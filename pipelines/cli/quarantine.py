"""`nightcap quarantine …`: what was rejected and why, what becomes of it, and receipts to the senders."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Column, Table

from pipelines import settings as settings_module
from pipelines.cli.common import (
    ConfigOption,
    HomeOption,
    JsonOption,
    load_settings,
    log,
    login_name,
    print_json,
    table_console,
)
from pipelines.core.dates import parse_day
from pipelines.errors import UsageError

if TYPE_CHECKING:
    from pipelines.feedback.issues import Issue
    from pipelines.settings import Settings

app = typer.Typer(
    no_args_is_help=True, help="Rejected units: list, show, export, assign, waive, replay; receipts to the senders."
)
_ROWS_SHOWN = 500
_TEXTS = ("legend", "caption_xml", "abstract", "title")
ReasonOption = Annotated[str | None, typer.Option("--reason", help="Only of this reason, e.g. unknown_type")]
NightOption = Annotated[str | None, typer.Option("--night", help="Only what was rejected in this night, YYYY-MM-DD")]
StatusOption = Annotated[str | None, typer.Option("--status", help="Only open, fixed or waived ones")]
IdArgument = Annotated[str, typer.Argument(metavar="ID", help="Issue id, or the beginning of it")]


def _check_night(night: str | None) -> dt.date | None:
    return parse_day(night, "--night") if night else None


def _select(settings: Settings, reason: str | None, night: str | None, status: str | None) -> list[Issue]:
    from pipelines.feedback.issues import count_by, select_issues
    from pipelines.feedback.step import read_issues

    date = _check_night(night)
    issues = read_issues(settings)
    if reason and reason not in (known := count_by(issues, "reason")):
        raise UsageError(f"nothing was rejected for the reason {reason!r}; there are: {', '.join(known) or 'none'}")
    return select_issues(issues, reason=reason, night=date.isoformat() if date else None, status=status)


@app.command("list")
def show_list(
    reason: ReasonOption = None,
    night: NightOption = None,
    status: StatusOption = None,
    home: HomeOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Every rejected unit, open ones first: one issue a fault, however many nights it came in.

    Example: nightcap quarantine list --reason unknown_type --status open
    """
    from pipelines.feedback.issues import count_by

    issues = _select(load_settings(home, config), reason, night, status)
    by_status, by_reason = count_by(issues, "status"), count_by(issues, "reason")
    if as_json:
        rows = [i.to_dict() for i in issues]
        print_json({"n": len(issues), "by_status": by_status, "by_reason": by_reason, "issues": rows})
        return
    table = Table("issue", "night", "status", "owner", "reason", "unit", Column("file", overflow="fold"),
                  Column("what", overflow="fold"), box=None)  # fmt: skip
    for i in issues[:_ROWS_SHOWN]:
        nights = i.night if i.night == i.last_night else f"{i.night} to {i.last_night}"
        table.add_row(
            i.issue_id, nights, i.status, escape(i.owner), i.reason, i.unit, escape(i.name), escape(i.message)
        )  # fmt: skip
    console = table_console()
    if issues:
        console.print(table)
    if len(issues) > _ROWS_SHOWN:
        console.print(f"the first {_ROWS_SHOWN}; all of them with `nightcap quarantine export`")
    counts = ", ".join(f"{n} {s}" for s, n in by_status.items()) or "nothing"
    console.print(f"{counts} in quarantine" + ("; `nightcap quarantine show ID` says more" if issues else ""))


@app.command("show")
def show_issue(
    identifier: IdArgument, home: HomeOption = None, config: ConfigOption = None, as_json: JsonOption = False
) -> None:
    """One rejected unit: why, what was expected, the rule, the row, its file and place in it, who sent it.

    Example: nightcap quarantine show 36b71e08
    """
    from pipelines.feedback.expected import expected_for
    from pipelines.feedback.issues import find_issue
    from pipelines.feedback.step import describe_issue, read_issues

    settings = load_settings(home, config)
    issue = find_issue(read_issues(settings), identifier)
    data = {**issue.to_dict(), "expected": expected_for(issue.reason), "rule": rule_of(issue),
            **describe_issue(settings, issue)}  # fmt: skip
    print_json(data) if as_json else _render_issue(data)


def rule_of(issue: Issue) -> dict[str, Any]:
    """The rule of the suites that rejected the row, with what it says; else the step: pull, parse or publish."""
    from pipelines.quality.suites import build_suites

    suite, _, name = issue.rule.partition(".")
    version = {"version": issue.rule_version}
    if not name or suite == "publish":
        return {"stage": suite or "unknown", "suite": None, "rule": None, "says": None, **version}
    rules = {(s.table, r.name): r.message for s in build_suites() for r in s.rules}
    return {"stage": "check", "suite": suite, "rule": name, "says": rules.get((suite, name)), **version}


def _render_issue(data: dict[str, Any]) -> None:
    out = table_console()
    rule, delivery = data["rule"], data["delivery"]
    place = f", line {data['line']}, column {data['column']}" if data["line"] else ""
    raw = f"{data['raw_uri'] or 'not kept'}{'' if data['is_raw_there'] or not data['raw_uri'] else ' (gone)'}"
    nights = data["night"] if data["n_nights"] == 1 else f"{data['n_nights']} nights, last {data['last_night']}"
    settled = f" ({data['settled_by']})" if data["settled_by"] else ""
    lines = {
        "issue": f"{data['issue_id']}, {data['status']}{settled}", "reason": f"{data['reason']}: {data['message']}",
        "expected": data["expected"],
        "rule": (f"{rule['suite']}.{rule['rule']}" if rule["rule"] else f"step {rule['stage']}, no rule of a suite")
                + (f", version {rule['version']}" if rule["version"] else ""),
        "unit": f"{data['unit']} at {data['locator'] or 'the whole file'}", "night": nights,
        "file": f"{data['name']}{place}", "raw bytes": raw, "sender": data["sender"] or "unknown",
        "delivery": f"{delivery['delivery_id']}, folder {delivery['name']}, {delivery['review_stage']}, "
                    f"dated {delivery['stated_date'] or 'nowhere'}" if delivery else data["delivery_id"] or "unknown",
        "receipt": data["receipt"] or "not written yet: `nightcap quarantine receipts`",
    }  # fmt: skip
    if data["owner"] or data["note"]:
        lines["owner"] = f"{data['owner'] or 'nobody'}{': ' if data['note'] else ''}{data['note']}"
    for name, text in lines.items():
        out.print(f"[bold]{name:>9}[/]  {escape(str(text))}")
    if data["payload"]:
        out.print(f"[bold]{'row':>9}[/]  {escape(json.dumps(data['payload'], ensure_ascii=False))}")
    if data["raw_excerpt"]:
        out.print(f"[bold]{'in file':>9}[/]  {escape(data['raw_excerpt'])}")
    if legend := data["legend"]:
        out.print(f"[bold]{'legend':>9}[/]  {escape(legend['label'])}  {_marked(legend['text'], legend['spans'])}")


def _marked(legend: str, spans: Sequence[Sequence[int]]) -> str:
    out, at = "", 0
    for start, end in sorted((s, e) for s, e in spans):
        out += f"{escape(legend[at:start])}[reverse]»{escape(legend[start:end])}«[/]"
        at = end
    return out + escape(legend[at:])


@app.command("export")
def export(
    to: Annotated[Path | None, typer.Option("--to", help="File to write (default: stdout)")] = None,
    output: Annotated[str, typer.Option("--format", help="jsonl or csv")] = "jsonl",
    reason: ReasonOption = None,
    night: NightOption = None,
    status: StatusOption = None,
    with_text: Annotated[
        bool, typer.Option("--with-text", help="Also legends and abstracts whose licence is not open; keep it inside")
    ] = False,
    home: HomeOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the issues as JSON lines or CSV, for a spreadsheet or a ticket system.

    Titles, legends and abstracts in rejected rows are left out unless their licence is open: what is exported may
    leave the house. Example: nightcap quarantine export --status open --format csv --to issues.csv
    """
    if output not in ("jsonl", "csv"):
        raise UsageError(f"--format must be jsonl or csv, not {output}")
    if to is None and as_json:
        raise UsageError("--json says what was written to a file: name it with --to")
    rows = [i.to_dict() for i in _select(load_settings(home, config), reason, night, status)]
    if not with_text:
        rows = [{**r, "payload": _without_text(r["payload"])} for r in rows]
    text = _as_csv(rows) if output == "csv" else "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows)
    if to is None:
        typer.echo(text, nl=False)
        return
    from pipelines.clients.objectstore import LocalStore

    LocalStore(to.absolute().parent).write(to.name, text.encode())
    if as_json:
        print_json({"n": len(rows), "file": str(to), "format": output})
    else:
        log.print(f"{len(rows)} issues are in {to}")


def _without_text(row: dict[str, Any]) -> dict[str, Any]:
    if row.get("licence") == "open":
        return row
    return {k: "(left out: licence not open)" if k in _TEXTS and v else v for k, v in row.items()}


def _as_csv(rows: Sequence[dict[str, Any]]) -> str:
    from pipelines.feedback.issues import Issue

    out = io.StringIO()
    writer = csv.DictWriter(out, list(Issue.__dataclass_fields__), lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({**row, "payload": json.dumps(row["payload"], ensure_ascii=False, sort_keys=True)})
    return out.getvalue()


@app.command("waive")
def waive(
    identifier: IdArgument,
    why: Annotated[str | None, typer.Option("--why", help="Why it may stay as it is")] = None,
    who: Annotated[str | None, typer.Option("--who", help="Who decides it (default: the login name)")] = None,
    undo: Annotated[bool, typer.Option("--undo", help="Take the decision back")] = False,
    home: HomeOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Decide that a rejected unit may stay so: these commands no longer show it as open, its sender reads why.

    Example: nightcap quarantine waive 36b71e08 --why "the curator left, the article is retracted"
    """
    from pipelines.core.waivers import Waiver
    from pipelines.feedback.issues import find_issue
    from pipelines.feedback.step import lift_waiver, read_issues, set_waiver

    settings = load_settings(home, config)
    issue = find_issue(read_issues(settings), identifier)
    if undo:
        if not lift_waiver(settings, issue.issue_id):
            raise UsageError(f"{issue.issue_id} was not waived: there is nothing to undo")
    elif not (why or "").strip():
        raise UsageError("say why with --why: senders and later operators read it")
    elif issue.status == "fixed":
        raise UsageError(f"{issue.issue_id} is fixed by {issue.settled_by}: there is nothing to waive")
    else:
        waiver = Waiver(issue.issue_id, who or login_name(), str(why).strip(), settings_module.today())
        set_waiver(settings, waiver)
    now = find_issue(read_issues(settings), issue.issue_id)
    if as_json:
        print_json({"issue_id": now.issue_id, "status": now.status, "settled_by": now.settled_by})
    else:
        log.print(f"{now.issue_id} is {now.status}" + (f" ({escape(now.settled_by)})" if now.settled_by else ""))


@app.command("assign")
def assign(
    identifier: IdArgument,
    owner: Annotated[str, typer.Option("--owner", help="Who looks after it; empty: nobody any more")] = "",
    note: Annotated[str | None, typer.Option("--note", help="What is known about it (default: as it was)")] = None,
    home: HomeOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say who looks after a rejected unit. The issue stays open until its rows are accepted, or it is waived.

    Example: nightcap quarantine assign 36b71e08 --owner ada --note "asked the curator on Monday"
    """
    from pipelines.core.waivers import Assignment
    from pipelines.feedback.issues import find_issue
    from pipelines.feedback.step import read_issues, set_assignment

    settings = load_settings(home, config)
    issue = find_issue(read_issues(settings), identifier)
    known = Assignment(issue.issue_id, owner.strip(), issue.note if note is None and owner else (note or "").strip())
    set_assignment(settings, known)
    if as_json:
        print_json({"issue_id": known.issue_id, "owner": known.owner, "note": known.note, "status": issue.status})
    else:
        log.print(f"{known.issue_id} is {issue.status}, looked after by {escape(known.owner) or 'nobody'}")


@app.command("replay")
def replay(
    identifiers: Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="Issue ids or beginnings")] = None,
    reason: Annotated[str | None, typer.Option("--reason", help="All open ones of this reason")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All open ones")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be read again; change nothing")] = False,
    home: HomeOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Read the raw files of open issues again, with today's parsers and rules: after a rule or parser was mended.

    It is a further run of the night in which they were rejected. Rows that are valid now enter the corpus and their
    issue is fixed; what fails again stays as it is. Run it twice and the second time does nothing; a run that was
    killed is gone on with. A file that its sender mended needs no replay: the next night takes it.

    Example: nightcap quarantine replay --reason unknown_type
    """
    from pipelines.cli import replay as replays

    settings = load_settings(home, config)
    report = replays.replay(settings, identifiers or [], reason, everything=everything, is_dry=dry_run)
    print_json(report) if as_json else log.print(replays.describe(report, is_dry=dry_run))
    raise typer.Exit(report["exit_code"])


@app.command("receipts")
def receipts(
    night: NightOption = None, home: HomeOption = None, config: ConfigOption = None, as_json: JsonOption = False
) -> None:
    """Write each delivery's receipt to outbox/<sender>/: JSON, and a page that shows rejected rows in their legend.

    Run it after a night, or at any time: only what changed since is written. Example: nightcap quarantine receipts
    """
    from pipelines.core.runs import Run
    from pipelines.feedback.step import run as write_receipts

    settings, date = load_settings(home, config), _check_night(night)
    result = write_receipts(settings, Run("feedback", night or "all", date))
    if as_json:
        print_json({"outbox": result.uri, **result.counts, "fingerprint": result.fingerprint})
    else:
        log.print(f"{result.message}; they are in {result.uri}")
