"""The suites as data: complete, consistent with the DDL and with their SQL, and as the page describes them."""

from __future__ import annotations

import re
import string
from collections import Counter
from pathlib import Path

import pytest

from pipelines.core.records import Reason
from pipelines.core.tables import load_tables
from pipelines.errors import UsageError
from pipelines.quality.describe import BEGIN, END, render
from pipelines.quality.rules import Check, Severity, Suite
from pipelines.quality.suites import build_suites
from pipelines.quality.volume import MEASURES, UNITS, UnitShare, build_volume_suite, measures_of, parse_bands
from pipelines.settings import load

BANDS = parse_bands(load({}, Path("/nowhere"), "nightly").quality.bands)

SUITES = {s.table: s for s in build_suites()}


@pytest.mark.parametrize("suite", SUITES.values(), ids=SUITES)
def test_rule_names_are_unique_and_short(suite: Suite) -> None:
    names = Counter(r.name for r in suite.rules)
    assert [n for n, count in names.items() if count > 1] == []
    assert all(re.fullmatch(r"[a-z][a-z0-9_]{1,50}", n) for n in names)


@pytest.mark.parametrize("suite", SUITES.values(), ids=SUITES)
def test_every_required_column_of_the_ddl_has_its_rule_first(suite: Suite) -> None:
    required = [c.name for c in load_tables("corpus")[suite.table].columns if not c.is_nullable]
    head = suite.rules[: len(required)]
    assert [(r.column, r.check, r.severity) for r in head] == [(c, Check.NOT_NULL, Severity.CRITICAL) for c in required]
    assert not [r for r in suite.rules[len(required) :] if r.check is Check.NOT_NULL]


@pytest.mark.parametrize("suite", SUITES.values(), ids=SUITES)
def test_rules_and_messages_name_columns_that_the_sql_gives(suite: Suite, root: Path) -> None:
    sql = (root / "pipelines" / "quality" / "sql" / f"{suite.table}.sql").read_text()
    given = set(re.findall(r"\w+", sql))
    named = {r.column for r in suite.rules}
    for rule in suite.rules:
        named |= {field for _, field, _, _ in string.Formatter().parse(rule.message) if field}
    assert named <= given


def test_every_boolean_that_the_sql_works_out_is_asserted(root: Path) -> None:
    for suite in SUITES.values():
        sql = (root / "pipelines" / "quality" / "sql" / f"{suite.table}.sql").read_text()
        columns = {c.name for c in load_tables("corpus")[suite.table].columns}
        final = sql.rsplit("\nFROM ", 1)[0].rsplit("\nSELECT", 1)[-1]
        made = set(re.findall(r"AS ((?:is|has)_\w+)", final)) - columns
        assert made == {r.column for r in suite.rules if r.column.startswith(("is_", "has_"))} - columns, suite.table


def test_the_main_reasons_can_be_given() -> None:
    critical = {r.reason for s in SUITES.values() for r in s.rules if r.severity is Severity.CRITICAL}
    assert critical >= {
        Reason.NO_IDENTITY, Reason.BAD_DOI, Reason.BAD_DATE, Reason.NO_LEGEND, Reason.OVERLONG_LEGEND,
        Reason.OFFSET_OUT_OF_RANGE, Reason.TEXT_MISMATCH, Reason.UNKNOWN_TYPE, Reason.BAD_ROLE, Reason.BAD_IDENTIFIER,
        Reason.UNEQUAL_ID_LISTS, Reason.DUPLICATE_PANEL, Reason.LEGEND_CHANGED, Reason.SYNTHETIC_IN_REAL_HOME,
        Reason.PARENT_REJECTED,
    }  # fmt: skip


def test_the_page_lists_the_rules_as_they_are(root: Path) -> None:
    page = (root / "infra" / "docs" / "quality.md").read_text()
    listed = page[page.index(BEGIN) + len(BEGIN) : page.index(END)]
    assert listed.strip() == render(0.5, BANDS).strip()


def test_measures_are_judged_from_enough_rows_on() -> None:
    shares = {"figure": UnitShare(200, 50), "panel": UnitShare(199, 199), "event": UnitShare(0, 0)}
    row = measures_of(shares, {"median_legend_characters": 700.0}, BANDS, 200)
    assert row["rejected_share_figure"] == 0.25
    assert row["rejected_share_panel"] is None
    assert row["rejected_share_event"] is None
    assert measures_of(shares, {}, BANDS, 0)["rejected_share_event"] is None
    assert row["median_legend_characters"] == 700.0
    assert (
        set(row)
        == {f"rejected_share_{u}" for u in UNITS} | set(MEASURES)
        == {r.column for r in build_volume_suite(0.5, BANDS).rules}
    )
    assert UnitShare(0, 0).share == 0.0


def test_shares_stop_the_night_and_bands_only_warn() -> None:
    rules = build_volume_suite(0.4, BANDS).rules
    assert {r.severity for r in rules if r.name.startswith("rejected_share")} == {Severity.CRITICAL}
    assert {r.severity for r in rules if r.name in MEASURES} == {Severity.WARNING}
    assert rules[0].high == 0.4
    assert "at most 40%" in rules[0].message


@pytest.mark.parametrize(
    "text",
    ["median_legend_characters 80 warn", "nonsense 0 1 warn", "class_mix_drift 0 1 shout", "class_mix_drift 1 0 stop"],
)
def test_a_wrong_band_is_quoted(text: str) -> None:
    with pytest.raises(UsageError, match=text):
        parse_bands([text])
    with pytest.raises(UsageError, match="twice"):
        parse_bands(["class_mix_drift 0 1 stop"] * 2)
