"""What `nightcap status` and `sql` show: functions that collect, and functions that print."""

from __future__ import annotations

import csv
import datetime as dt
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from pipelines.analytics.generations import Generations
from pipelines.analytics.sqlfiles import sql as sql_text
from pipelines.analytics.step import read_records
from pipelines.clients.corpus_repo import CorpusRepo
from pipelines.clients.objectstore import open_part
from pipelines.clients.published import query_published, select_rows
from pipelines.clients.state import open_state
from pipelines.corpus.night_record import nights_missing
from pipelines.errors import UsageError
from pipelines.feedback.issues import count_by
from pipelines.feedback.step import read_issues
from pipelines.flows.unfinished import list_unfinished
from pipelines.settings import Settings

_NIGHTS_SHOWN = 10
_ROWS_SHOWN = 500
_PIPE_WIDTH = 4000

Row = dict[str, Any]


def _console() -> Console:
    """Wide where nobody sees it: a pipe has no width, and rows must not be cut to 80 characters."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=_PIPE_WIDTH)


def _generations(settings: Settings) -> Generations:
    return Generations(settings.path("analytics"))


# status


def collect_status(settings: Settings) -> Row:
    """The state of a home as one object (architecture, section 10); works on an empty home too."""
    if not settings.root.exists():
        return _empty(settings)
    records = read_records(settings)
    manifests = _manifests(settings)
    champions = _champions(settings)
    published = _published(settings)
    serving = _serving(settings)
    nights = list(records.nights)[-_NIGHTS_SHOWN:][::-1]
    missing, unfinished = nights_missing(records.nights), list_unfinished(settings)
    return {
        "home": str(settings.root), "data_kind": settings.home.data_kind, "holds": _holds(settings),
        "alerts": _alerts(settings, missing, unfinished), "unfinished": unfinished,
        "freshness": _freshness(settings, nights, published), "nights": nights,
        "corpus_version": manifests[-1]["tag"] if manifests else None, "published": published, "champions": champions,
        "serving": serving, **_quarantine(settings),
        "notes": _notes(settings, manifests, champions, published, nights),
    }  # fmt: skip


def _empty(settings: Settings) -> Row:
    note = f"{settings.root} does not exist yet: run `make demo`, or `nightcap night --articles …`"
    nothing: Row = {"corpus_version": None, "published": None, "champions": {}, "serving": None, "quarantine": {},
                    "issues": {}, "holds": [], "alerts": [], "unfinished": [], "nights": []}  # fmt: skip
    return {"home": str(settings.root), "data_kind": settings.home.data_kind,
            "freshness": {"last_night": None, "published_night": None, "sources_missing": [], "sources": []},
            **nothing, "notes": [note]}  # fmt: skip


def _manifests(settings: Settings) -> list[Row]:
    repo = CorpusRepo(settings)
    return repo.manifests() if repo.exists() else []


def _registry(settings: Settings) -> tuple[list[Row], list[Row]]:
    if not settings.storage.mlflow and not settings.path("mlflow", "mlflow.db").is_file():
        return [], []
    from pipelines.clients import model_registry  # takes seconds to import

    return list(model_registry.list_versions(settings)), list(model_registry.list_scores(settings))


def _champions(settings: Settings) -> dict[str, Row]:
    """Per task the champion with its F1 on the newest benchmark version it was scored on."""
    versions, scores = _registry(settings)
    out: dict[str, Row] = {}
    for version in versions:
        if version["alias"] != "champion":
            continue
        mine = [
            s for s in scores
            if (s["task"], str(s["model_version"])) == (version["task"], str(version["model_version"]))
            and s["split"] == "benchmark" and s["label"] == "micro"
        ]  # fmt: skip
        score = max(mine, key=lambda s: int(s["benchmark_version"]), default={})
        out[version["task"]] = {
            "version": version["model_version"], "tagger": version["tagger"], "f1": score.get("f1", version["f1"]),
            "f1_low": score.get("f1_low"), "f1_high": score.get("f1_high"), "alias": "champion",
            "corpus_version": version["corpus_version"], "data_kind": version["data_kind"],
            "decision": version["decision"],
        }  # fmt: skip
    return out


def _published(settings: Settings) -> Row | None:
    generations = _generations(settings)
    if generations.current() is None:
        return None
    rows = select_rows(generations.pointer, settings, sql_text("status_published"), {})
    return {k: str(v) if isinstance(v, (dt.date, dt.datetime)) else v for k, v in rows[0].items()}


def _serving(settings: Settings) -> Row | None:
    store = open_part(settings, "predictions")
    if not store.exists("serving.json"):
        return None
    raw = json.loads(store.read("serving.json"))
    tasks = {
        task: f"{model['tagger']} v{model['model_version']}" if model else "rule" if task == "panelization" else "none"
        for task, model in sorted(raw["tasks"].items())
    }
    return {"tasks": tasks, "fingerprint": raw["fingerprint"], "covers_corpus_version": raw["covers_corpus_version"]}


def _holds(settings: Settings) -> list[Row]:
    holds = open_state(settings).holds()
    return [{"name": h.name, "who": h.who, "why": h.why, "until": h.until and h.until.isoformat()} for h in holds]


def _freshness(settings: Settings, nights: Sequence[Row], published: Row | None) -> Row:
    sources = []
    if published:
        rows = select_rows(_generations(settings).pointer, settings, sql_text("status_freshness"), {})
        sources = [{k: str(v) if isinstance(v, dt.date) else v for k, v in row.items()} for row in rows]
    return {
        "last_night": nights[0]["night"] if nights else None,
        "published_night": published["last_night"] if published else None,
        "sources_missing": nights[0]["sources_missing"] if nights else [], "sources": sources,
    }  # fmt: skip


def _quarantine(settings: Settings) -> Row:
    """`quarantine`: open issues by reason; `issues`: all by status. As `nightcap quarantine list` counts them."""
    issues = read_issues(settings)
    open_ones = [i for i in issues if i.status == "open"]
    return {"quarantine": count_by(open_ones, "reason"), "issues": count_by(issues, "status")}


def _alerts(settings: Settings, missing: Mapping[str, int], unfinished: Sequence[Row]) -> list[str]:
    """What somebody has to look at today: nights that do not end, a source that has been missing for several nights."""
    most, failed = settings.pull.alert_after_nights, sorted({str(run["night"]) for run in unfinished})
    alerts = [
        f"{source} could not be read for {n} nights: `nightcap doctor` says why, the nights go on without it"
        for source, n in sorted(missing.items()) if n >= most
    ]  # fmt: skip
    if len(failed) >= most:
        alerts.insert(0, f"{len(failed)} nights in a row did not end, since {failed[0]}: nothing new comes in")
    return alerts


def _notes(
    settings: Settings, manifests: Sequence[Row], champions: Mapping[str, Row], published: Row | None,
    nights: Sequence[Row],
) -> list[str]:  # fmt: skip
    """What a reader must know beside the numbers, the most important first."""
    notes = []
    if settings.is_synthetic:
        notes.append("This home holds synthetic sample data; its models are registered as synthetic-<task>.")
    if not nights:
        notes.append("No night is closed yet: run `nightcap night`.")
    elif not published:
        notes.append("Nothing is published yet: run `nightcap run reload_predictions`.")
    elif published["last_night"] != nights[0]["night"]:
        notes.append(f"Analysts see night {published['last_night']}; night {nights[0]['night']} is not published yet.")
    if nights and nights[0]["sources_missing"]:
        notes.append(f"The last night could not read {', '.join(nights[0]['sources_missing'])}: it is incomplete.")
    if manifests and not any(m.get("benchmark") for m in manifests):
        notes.append("No benchmark yet (too few test documents or spans): nothing can be promoted.")
    if manifests and not champions:
        notes.append("No champion yet: no task has a model that was good enough to serve.")
    if published:
        notes += [str(published["panels_note"]), str(published["roles_note"])]
    return notes


def render_status(data: Row, console: Console | None = None) -> None:
    """Holds and freshness first, then nights, versions, champions, quarantine, notes."""
    out = console or _console()
    out.print(f"[bold]Nightcap[/] {escape(data['home'])} ({data['data_kind']} data)")
    for hold in data["holds"]:
        until = f" until {hold['until']}" if hold["until"] else ""
        out.print(f"[bold red]HOLD[/] {hold['name']} by {escape(hold['who'])}{until}: {escape(hold['why'])}")
    for alert in data["alerts"]:
        out.print(f"[bold red]ALERT[/] {escape(alert)}")
    for run in data["unfinished"][:_NIGHTS_SHOWN]:
        out.print(f"[bold red]NOT ENDED[/] {run['run_key']} at {run['step']}: {escape(run['error'])}; "
                  f"go on with `{run['next']}`")  # fmt: skip
    if len(data["unfinished"]) > _NIGHTS_SHOWN:
        out.print(f"[dim]and {len(data['unfinished']) - _NIGHTS_SHOWN} older ones; all of them with --json[/]")
    fresh, published = data["freshness"], data["published"]
    corpus, generation = data["corpus_version"] or "none", published["generation"] if published else "nothing"
    out.print(f"last closed night [bold]{fresh['last_night'] or 'none'}[/], corpus [bold]{corpus}[/], "
              f"published [bold]{generation}[/]")  # fmt: skip
    if data["nights"]:
        out.print(_nights_table(data["nights"]))
    if data["champions"]:
        out.print(_champions_table(data["champions"]))
    if data["serving"]:
        tasks = ", ".join(f"{task} {name}" for task, name in data["serving"]["tasks"].items())
        out.print(f"serving: {tasks} (covers {data['serving']['covers_corpus_version']})")
    if data["quarantine"]:
        reasons = ", ".join(f"{n} {reason}" for reason, n in data["quarantine"].items())
        settled = ", ".join(f"{n} {s}" for s, n in data["issues"].items() if s != "open")
        out.print(f"quarantine: open {reasons}" + (f"; {settled}" if settled else ""))
    for note in data["notes"]:
        out.print(f"[dim]•[/] {escape(note)}")


def _nights_table(nights: Sequence[Row]) -> Table:
    table = Table("night", "status", "documents", "figures", "annotations", "rejected", "seconds", box=None)
    for n in nights:
        counts = (n["n_documents"], n["n_figures"], n["n_annotations"], n["n_quarantined"])
        table.add_row(n["run_key"], n["status"], *map(str, counts), f"{n['seconds']:.0f}")
    return table


def _champions_table(champions: Mapping[str, Row]) -> Table:
    table = Table("task", "champion", "F1 on the benchmark", "trained on", "data", box=None)
    for task, c in sorted(champions.items()):
        interval = f" ({c['f1_low']:.3f}–{c['f1_high']:.3f})" if c["f1_low"] is not None else ""
        f1 = f"{c['f1']:.3f}{interval}" if c["f1"] is not None else "not scored"
        table.add_row(task, f"{c['tagger']} v{c['version']}", f1, c["corpus_version"], c["data_kind"])
    return table


# sql


def run_sql(settings: Settings, query: str, output: str = "table") -> None:
    """Print the rows of a query on the published file as table, csv or json (one array).

    A table shows at most 500 rows and says so; csv prints its header even without rows. Errors: UsageError.
    """
    if output not in ("table", "csv", "json"):
        raise UsageError(f"--format must be table, csv or json, not {output}")
    with query_published(_generations(settings).pointer, settings, query) as (names, rows):
        if output == "csv":
            _print_csv(names, rows)
        elif output == "json":
            _print_json(names, rows)
        else:
            _print_table(names, rows)


def _plain(value: Any) -> Any:
    if isinstance(value, (dt.date, dt.datetime)):
        return value.isoformat(sep=" ") if isinstance(value, dt.datetime) else value.isoformat()
    return value


def _print_csv(names: Sequence[str], rows: Iterable[list[Any]]) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(names)
    for row in rows:
        writer.writerow([_csv_cell(v) for v in row])


def _csv_cell(value: Any) -> Any:
    if isinstance(value, (list, dict)):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value).lower() if isinstance(value, bool) else _plain(value)


def _print_json(names: Sequence[str], rows: Iterable[list[Any]]) -> None:
    sys.stdout.write("[")
    for number, row in enumerate(rows):
        line = json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False, default=str)
        sys.stdout.write(("," if number else "") + "\n" + line)
    sys.stdout.write("]\n")


def _print_table(names: Sequence[str], rows: Iterable[list[Any]]) -> None:
    shown = list(islice(rows, _ROWS_SHOWN + 1))
    table = Table(*[Column(escape(n), overflow="fold") for n in names])
    for row in shown[:_ROWS_SHOWN]:
        table.add_row(*["" if v is None else escape(str(_csv_cell(v))) for v in row])
    console = _console()
    console.print(table)
    if len(shown) > _ROWS_SHOWN:
        console.print(f"the first {_ROWS_SHOWN} rows; all of them with --format csv")
    elif not shown:
        console.print("no rows")
