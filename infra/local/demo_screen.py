"""What `make demo` ends with: what came in, what was rejected and why, how the models did, and where to look further.

All of it is asked of the published tables with `nightcap sql`, as a user would.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipelines.settings import child_environment

_INGESTED = """
select strftime(night, '%Y-%m-%d') as night, status, replace(corpus_version, 'corpus/', '') as corpus,
       n_documents as docs, n_figures as figures, n_annotations as annotations, n_quarantined as rejected
from nights order by all"""

_REJECTED = """
select reason, unit, count(*) as n, min(message) as example from quarantine group by all order by n desc, reason"""

_MODELS = """
with champions as (select task, model_version, tagger from model_versions where alias = 'champion'),
latest as (select task, max(corpus_version) as corpus_version from model_scores
           where split = 'benchmark' and label = 'micro' group by task),
scores as (select s.* from model_scores s join latest using (task, corpus_version)
           where s.split = 'benchmark' and s.label = 'micro')
select s.task, s.tagger, s.model_version as version,
       printf('%.3f [%.3f, %.3f]', s.f1, s.f1_low, s.f1_high) as "F1 [95 %]",
       case when c.model_version is not null then 'champion' when s.tagger in ('rule', 'dictionary') then 'baseline'
            when v.decision like 'promoted%' then 'champion before' when v.alias = 'challenger' then 'challenger'
            else 'not promoted' end as stands
from scores s left join champions c on c.task = s.task and c.model_version = s.model_version
left join model_versions v on v.task = s.task and v.model_version = s.model_version
order by s.task, s.f1 desc"""

_SHORT = 30  # characters that are never folded

QUERIES = (
    "select entity_type, count(*) as mentions, count(distinct doc_id) as papers from mentions "
    "group by all order by mentions desc",
    "select controlled_name, measured_name, role_source, n_papers from hypotheses "
    "order by n_papers desc, controlled_name, measured_name limit 5",
    "select doc_id, kind, status, count(figure_id) as figures from documents left join figures using (doc_id) "
    "where status <> 'current' group by all order by all limit 5",
)


class CannotAsk(Exception):
    """`nightcap sql` failed; the message is its own."""


def ask(home: Path, query: str) -> list[dict[str, Any]]:
    """Rows of a query, through the command that analysts use. Errors: CannotAsk."""
    command = [sys.executable, "-m", "pipelines", "sql", query, "--format", "json", "--home", str(home)]
    done = subprocess.run(command, env=child_environment(), capture_output=True, text=True, check=False)
    if done.returncode:
        raise CannotAsk(f"nightcap sql ended with exit code {done.returncode}: {done.stderr.strip()[-1000:]}")
    rows: list[dict[str, Any]] = json.loads(done.stdout)
    return rows


def render(console: Console, title: str, rows: Sequence[dict[str, Any]]) -> None:
    console.print(f"\n[bold]{escape(title)}[/]", soft_wrap=True)
    table = Table(box=None, header_style="dim", pad_edge=False, padding=(0, 2, 0, 0))
    for name, value in (rows[0] if rows else {}).items():
        is_short = max(len(str(row[name])) for row in rows) <= _SHORT
        is_number = isinstance(value, (int, float))
        table.add_column(name, overflow="fold", no_wrap=is_short, justify="right" if is_number else "left")
    for row in rows:
        table.add_row(*("" if value is None else escape(str(value)) for value in row.values()))
    console.print(table if rows else "(no rows)")


def _first_mention(home: Path) -> str:
    rows = ask(home, "select mention_id from mentions order by all limit 1")
    return str(rows[0]["mention_id"]) if rows else "ID"


def show_end(console: Console, home: Path, *, minutes: float) -> None:
    """The last screen. Errors: CannotAsk where the tables cannot be asked."""
    console.rule("[bold]Nightcap demo[/] (synthetic data: the numbers say nothing about real legends)")
    render(console, "What came in", ask(home, _INGESTED))
    render(console, "What was rejected, and why", ask(home, _REJECTED))
    render(console, "Models on the benchmark, beside plain baselines and the champion before", ask(home, _MODELS))
    for query in QUERIES:
        render(console, f'nightcap sql "{query}"', ask(home, query))
    console.print(f"\n[bold]Done in {minutes:.1f} minutes.[/] To look further:")
    for command, purpose in (
        ("nightcap status", "freshness, champions, quarantine"),
        ('nightcap sql "from start_here"', "what the tables are"),
        (f"nightcap trace {_first_mention(home)}", "where a row comes from: raw bytes, delivery, corpus, model"),
        ("nightcap corpus log", "the chain of corpus versions"),
        ("make up", "Airflow and MLflow in the browser, over this home"),
    ):  # fmt: skip
        console.print(f"  {command}  [dim]{purpose}[/]", soft_wrap=True)
    console.print("[dim]`nightcap` lies in .venv/bin; it takes the demo's home while var/home does not exist.[/]")
