"""The vocabulary of the suites: one rule is one expectation, with what it means for the row or the night.

A rule never drops a row by itself: critical ones send the row to quarantine with a reason that a person understands,
warnings and infos are reported only. SQL beside this file works out what takes two tables or a list to decide and
hands it over as a boolean column, which a rule then asserts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from pipelines.core.hashing import short_hash
from pipelines.core.records import Reason


class Severity(StrEnum):
    """What a failed rule does: quarantine (or stop the night), report, or only count."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


class Check(StrEnum):
    """Kinds of expectation that the suites use. All but NOT_NULL skip nulls."""

    NOT_NULL = "not_null"
    IN_SET = "in_set"
    NOT_IN_SET = "not_in_set"
    REGEX = "regex"
    BETWEEN = "between"


@dataclass(frozen=True)
class Rule:
    """`message` may name columns of the frame in braces; `low` and `high` bound BETWEEN, inclusive."""

    name: str
    check: Check
    column: str
    severity: Severity
    reason: Reason
    message: str
    values: tuple[object, ...] = ()
    pattern: str = ""
    low: float | None = None
    high: float | None = None

    @property
    def band(self) -> str | None:
        """What BETWEEN allows, in words; None for other checks."""
        if self.check is not Check.BETWEEN:
            return None
        low, high = (None if v is None else f"{v:.4g}" for v in (self.low, self.high))
        return f"{low} to {high}" if low and high else f"at least {low}" if low else f"at most {high}"

    def version(self, sql: str = "") -> str:
        """Hash of all that decides which rows fail; `sql` works its column out, empty where it is a stored one."""
        return short_hash(
            self.check, self.column, self.severity, *map(str, self.values), self.pattern, self.low, self.high, sql
        )


@dataclass(frozen=True)
class Suite:
    """Rules of one table, the most telling first: the first critical one that fails gives the row its reason."""

    table: str
    unit: str
    rules: tuple[Rule, ...]


def not_null(column: str, reason: Reason = Reason.RULE_FAILED) -> Rule:
    return Rule(f"{column}_not_null", Check.NOT_NULL, column, Severity.CRITICAL, reason, f"{column} is missing")


def in_set(
    column: str, values: Iterable[object], reason: Reason, *, severity: Severity = Severity.CRITICAL, name: str = ""
) -> Rule:
    """The column holds one of these values or null."""
    allowed = tuple(values)
    message = f"{column} is '{{{column}}}', expected one of {', '.join(map(str, allowed))}"
    return Rule(name or f"{column}_known", Check.IN_SET, column, severity, reason, message, values=allowed)


def no_none_text(column: str, severity: Severity = Severity.CRITICAL, reason: Reason = Reason.RULE_FAILED) -> Rule:
    """No exporter's word for "nothing" as if it were a value."""
    message = f"{column} is the text '{{{column}}}', which some exporter wrote for a missing value"
    words = ("None", "null", "nan", "NaN", "NULL", "")
    return Rule(f"{column}_no_none_text", Check.NOT_IN_SET, column, severity, reason, message, values=words)


def regex(
    column: str, pattern: str, reason: Reason, message: str, *, name: str, severity: Severity = Severity.CRITICAL
) -> Rule:
    """The whole value matches; the pattern is anchored here."""
    anchored = rf"\A(?:{pattern})\Z"
    return Rule(name, Check.REGEX, column, severity, reason, message, pattern=anchored)


def is_true(column: str, reason: Reason, message: str, severity: Severity = Severity.CRITICAL) -> Rule:
    """The boolean column that the SQL worked out holds; the rule has the column's name less `is_`/`has_`."""
    name = column.removeprefix("is_").removeprefix("has_")
    return Rule(name, Check.IN_SET, column, severity, reason, message, values=(True,))


def warn(column: str, message: str) -> Rule:
    return is_true(column, Reason.RULE_FAILED, message, Severity.WARNING)


def count(column: str, message: str) -> Rule:
    """Legitimate and frequent: counted, so that a change from night to night shows."""
    return is_true(column, Reason.RULE_FAILED, message, Severity.INFO)


def between(
    column: str, low: float | None, high: float | None, message: str, *, name: str, reason: Reason = Reason.RULE_FAILED
) -> Rule:
    return Rule(name, Check.BETWEEN, column, Severity.CRITICAL, reason, message, low=low, high=high)
