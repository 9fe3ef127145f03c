"""How diffs, withdrawals and benchmarks look on a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

_SHOWN = 30
_CHANGES = ("gained", "lost", "changed")
#: What is counted, in words: gold is what models learn and tables show.
_PARTS = {"documents": "documents", "figures": "figures", "gold annotations": "annotations",
          "other annotations": "other_annotations"}  # fmt: skip
Row = Mapping[str, Any]


def _cell(counts: Row) -> str:
    """`+3 −1 ~2`: gained, lost, changed, without the zeros."""
    marks = zip(("[green]+", "[red]−", "[yellow]~"), (counts[c] for c in _CHANGES), strict=True)
    return " ".join(f"{mark}{n}[/]" for mark, n in marks if n)


def _number(n: int) -> str:
    return str(n) if n else "[dim]0[/]"


def render_diff(diff: Row, out: Console) -> None:
    """Totals, annotations by class, then the documents that differ most."""
    if diff["is_equal"]:
        out.print("nothing that is current differs")
        return
    totals = Table("", *_CHANGES, box=None)
    for name, part in _PARTS.items():
        totals.add_row(name, *(_number(diff[part][c]) for c in _CHANGES))
    out.print(totals)
    if diff["annotations_changed"]:
        changed = ", ".join(f"{n} {what}" for what, n in diff["annotations_changed"].items())
        out.print(f"[dim]changed gold annotations: {changed}[/]")
    if any(diff["annotations"].values()):
        out.print(_classes(diff["by_class"]))
    _render_documents(diff["by_document"], out)


def _classes(rows: Sequence[Row]) -> Table:
    table = Table("class", "before", "after", *_CHANGES, box=None)
    for row in rows:
        if any(row[c] for c in _CHANGES):
            table.add_row(
                row["entity_type"], str(row["before"]), str(row["after"]), *(_number(row[c]) for c in _CHANGES)
            )
    return table


def _size(row: Row) -> int:
    return sum(int(row[part][c]) for part in ("figures", "annotations", "other_annotations") for c in _CHANGES) + int(
        row["change"] != "same"
    )


def _render_documents(rows: Sequence[Row], out: Console) -> None:
    table = Table("document", "", "figures", "gold", Column("by class", overflow="fold"), "not gold", box=None)
    for row in sorted(rows, key=lambda r: (-_size(r), r["doc_id"]))[:_SHOWN]:
        change = "" if row["change"] == "same" else ", ".join(row["what"]) or row["change"]
        classes = ", ".join(f"{name} {_cell(c)}" for name, c in sorted(row["by_class"].items()))
        table.add_row(escape(row["doc_id"]), change, _cell(row["figures"]), _cell(row["annotations"]), classes,
                      _cell(row["other_annotations"]))  # fmt: skip
    out.print(table)
    if len(rows) > _SHOWN:
        out.print(f"[dim]the {_SHOWN} documents that differ most, of {len(rows)}; all of them with --json[/]")


def render_withdrawal(done: Row, out: Console) -> None:
    """What was or would be hidden, what is current instead, and what comes next."""
    hidden = ", ".join(f"{n} {t}" for t, n in done["hidden"].items()) + ", as rows of all revisions, gold or not"
    what = f"{done['kind']} {escape(done['target'])}"
    if not done["hidden"]:
        by = f", by [bold]{done['version']}[/]" if done["version"] else ""
        out.print(f"{what} is withdrawn already{by}: nothing was written")
        return
    if done["version"] is None:
        out.print(f"would hide {what}: {hidden}. Nothing was written.")
    else:
        out.print(f"[bold]{done['version']}[/] hides {what}: {hidden}")
    render_diff(done["diff"], out)
    for task in done["benchmarks_not_renewed"]:
        out.print(f"the benchmark of {task} holds nothing else: it stays, score nothing on it before a new one")
    if done["version"] is not None:
        out.print(
            "The hold `corpus` is set: `nightcap status` shows it. Analysts see the change after the next night, or "
            "now with `nightcap run reload_predictions`; models are trained anew with `nightcap run retrain_tagger`."
        )


def render_bump(done: Row, out: Console) -> None:
    for task, said in done["bumped"].items():
        out.print(
            f"[bold]{done['version']}[/] {task} v{said['benchmark_version']}: {said['figures']} figures, "
            f"{said['spans']} spans; {said['changed']} with other gold, {said['gone']} gone"
        )
    for task, why in done["unchanged"].items():
        out.print(f"{task}: nothing was written, {why}")


def render_benchmarks(data: Row, out: Console) -> None:
    table = Table("task", "version", "written by", "documents", "figures", "spans", "not current", "retracted", "why")
    for row in data["benchmarks"]:
        mark = "bold" if row["is_newest"] else "dim"
        counts = (str(row[n]) for n in ("n_documents", "n_figures", "n_spans", "n_not_current", "n_retracted"))
        table.add_row(
            row["task"], f"v{row['benchmark_version']}", row["corpus_version"], *counts, row["reason"], style=mark
        )
    if data["benchmarks"]:
        out.print(table)
    needs = data["needs"]
    for task in data["missing"]:
        out.print(
            f"{task}: no benchmark yet. It is written once test holds {needs['min_documents']} documents and "
            f"{needs['min_spans']} spans; until then nothing is promoted."
        )
