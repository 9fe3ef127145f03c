"""Great Expectations, run: an ephemeral context, one batch per table, results matched to rules by expectation id."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.errors import PipelineError
from pipelines.quality.rules import Check, Rule, Severity, Suite

if TYPE_CHECKING:
    import pandas as pd

ROW_ID = "row_id"
_RESULT_FORMAT = {"result_format": "COMPLETE", "unexpected_index_column_names": [ROW_ID]}


@dataclass(frozen=True)
class Outcome:
    """What one rule found. `row_ids` are all rows that failed; `observed` is for rules of the whole table."""

    suite: str
    rule: Rule
    n_checked: int
    row_ids: tuple[int, ...] = ()
    observed: str | None = None

    @property
    def success(self) -> bool:
        return not self.row_ids

    @property
    def is_fatal(self) -> bool:
        return not self.success and self.rule.severity is Severity.CRITICAL


def _checks(suite: Suite) -> dict[str, set[Check]]:
    found: dict[str, set[Check]] = {}
    for rule in suite.rules:
        found.setdefault(rule.column, set()).add(rule.check)
    return found


def projection_of(suite: Suite) -> str:
    """What a query must give for the suite's frame, as DuckDB's select list: no text that is only asked for nulls."""
    columns = [
        f"CASE WHEN {name} IS NOT NULL THEN 1::TINYINT END AS {name}" if checks == {Check.NOT_NULL} else name
        for name, checks in _checks(suite).items()
    ]
    return ", ".join([ROW_ID, *columns])


def frame_of(suite: Suite, rows: pa.Table) -> pd.DataFrame:
    """The columns that the suite names, as cheap as their rules allow.

    The library hashes the whole frame and copies it once a rule, so that every byte counts forty times: a column that
    is only asked for nulls stands as 1 or null, a list as its length, a text as a number of its distinct values.
    """
    checks = _checks(suite)
    columns = {n: _lean(rows[n], is_presence=checks[n] == {Check.NOT_NULL}) for n in checks if n != ROW_ID}
    return pa.table({ROW_ID: rows[ROW_ID], **columns}).to_pandas()


def _lean(column: pa.ChunkedArray, *, is_presence: bool) -> pa.ChunkedArray | pa.Array:
    if is_presence:
        found = pc.is_valid(column).to_numpy()
        return pa.array(np.where(found, np.float16(1), np.float16("nan")))
    if pa.types.is_list(column.type):
        return pc.list_value_length(column)
    return pc.dictionary_encode(column) if pa.types.is_string(column.type) else column


class SuiteRunner:
    """Holds the context; made once a night, because the library takes seconds to import.

    `on_result` gets the library's own result of each suite that had rows, once the outcomes are read from it.
    """

    def __init__(self, on_result: Callable[[Suite, Any], None] | None = None) -> None:
        self._context: Any = None
        self._n = 0
        self._on_result = on_result

    def run(self, suite: Suite, frame: pd.DataFrame) -> list[Outcome]:
        """One outcome per rule, in the suite's order. `frame[row_id]` must be unique: rows are named by it.

        An empty frame passes without the library. PipelineError where a rule could not be worked out at all.
        """
        if not frame[ROW_ID].is_unique:
            raise PipelineError(f"suite {suite.table}: row_id is not unique, a bad row could not be told from a good")
        if frame.empty:
            return [Outcome(suite.table, rule, 0) for rule in suite.rules]
        built = self._add_suite(suite)
        by_id = {e.id: rule for e, rule in zip(built.expectations, suite.rules, strict=True)}
        found = {}
        validated = self._batch(frame).validate(built, result_format=_RESULT_FORMAT)
        for result in validated.results:
            rule = by_id[result.expectation_config.id]
            found[rule.name] = _outcome(suite.table, rule, result)
        if self._on_result:
            self._on_result(suite, validated)
        return [found[rule.name] for rule in suite.rules]

    def prepare(self) -> None:
        """Import the library and make the context, which the first run would do else."""
        self._gx()

    def _gx(self) -> Any:
        logging.getLogger("great_expectations").setLevel(logging.WARNING)
        import great_expectations as gx

        if self._context is None:
            self._context = gx.get_context(mode="ephemeral")
            self._context.variables.progress_bars = {"globally": False, "metric_calculations": False}
            self._source = self._context.data_sources.add_pandas("night")
        return gx

    def _add_suite(self, suite: Suite) -> Any:
        gx = self._gx()
        self._n += 1
        expectations = [expectation_of(rule) for rule in suite.rules]
        return self._context.suites.add(gx.ExpectationSuite(name=f"{suite.table}-{self._n}", expectations=expectations))

    def _batch(self, frame: pd.DataFrame) -> Any:
        asset = self._source.add_dataframe_asset(name=f"batch-{self._n}")
        return asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": frame})


def expectation_of(rule: Rule) -> Any:
    """The rule as an expectation of the library."""
    from great_expectations import expectations as gxe

    make: Mapping[Check, Callable[[], Any]] = {
        Check.NOT_NULL: lambda: gxe.ExpectColumnValuesToNotBeNull(**common),
        Check.IN_SET: lambda: gxe.ExpectColumnValuesToBeInSet(**common, value_set=list(rule.values)),
        Check.NOT_IN_SET: lambda: gxe.ExpectColumnValuesToNotBeInSet(**common, value_set=list(rule.values)),
        Check.REGEX: lambda: gxe.ExpectColumnValuesToMatchRegex(**common, regex=rule.pattern),
        Check.BETWEEN: lambda: gxe.ExpectColumnValuesToBeBetween(**common, min_value=rule.low, max_value=rule.high),
    }
    common: dict[str, Any] = {
        "column": rule.column, "severity": rule.severity.value, "meta": {"rule": rule.name, "reason": rule.reason.value}
    }  # fmt: skip
    return make[rule.check]()


def _outcome(table: str, rule: Rule, result: Any) -> Outcome:
    details = result.result or {}
    if "unexpected_index_list" not in details:
        raise PipelineError(f"rule {table}.{rule.name} could not be worked out: {_exception_text(result)}")
    row_ids = tuple(int(row[ROW_ID]) for row in details["unexpected_index_list"] or ())
    if result.success != (not row_ids):
        raise PipelineError(f"rule {table}.{rule.name} says success={result.success} and names {len(row_ids)} rows")
    return Outcome(table, rule, int(details["element_count"]), row_ids)


def _exception_text(result: Any) -> str:
    info = result.exception_info or {}
    messages = [str(v.get("exception_message")) for v in info.values() if isinstance(v, dict)]
    return "; ".join(messages) or str(info.get("exception_message", "no reason given"))


def first_failures(outcomes: Sequence[Outcome]) -> dict[int, list[Rule]]:
    """row_id → critical rules it failed, in the suite's order."""
    failed: dict[int, list[Rule]] = {}
    for outcome in outcomes:
        if outcome.is_fatal:
            for row_id in outcome.row_ids:
                failed.setdefault(row_id, []).append(outcome.rule)
    return failed
