"""Deliveries: what belongs together, what is ignored, what its description says."""

from __future__ import annotations

import datetime as dt

import pytest

from pipelines.core.records import Reason
from pipelines.errors import RejectedInput
from pipelines.sources.deliveries import (
    DeliveryInfo,
    Entry,
    count_files,
    delivery_name,
    describe_deliveries,
    ignore_patterns,
    is_ignored,
    number_deliveries,
    read_delivery,
    stated_format,
)

DEFAULTS = DeliveryInfo("them", "curator", ("GENEPROD",), False, False, None, "mixed")


@pytest.mark.parametrize(
    ("key", "is_archive", "has_toml", "name"),
    [
        ("a/b.xml", False, False, "a"),
        ("a/b/c.xml", False, False, "a"),
        ("b.xml", False, False, "."),
        ("x.tar.gz", True, False, "x.tar.gz"),
        ("a/b.xml", False, True, "."),
    ],
)
def test_one_folder_or_archive_is_one_delivery(key: str, is_archive: bool, has_toml: bool, name: str) -> None:
    assert delivery_name(key, is_archive=is_archive, has_root_toml=has_toml) == name


def test_ignored_only_by_a_listed_pattern() -> None:
    assert is_ignored("a/manifest.csv", ["*.csv"])
    assert is_ignored("a/.hidden", [".*"])
    assert not is_ignored("a/b.xml", ["*.csv", ".*"])


def test_numbers_follow_names_and_leave_out_what_holds_nothing_new() -> None:
    entries = [Entry("curation", d, d, "", 0, s) for d, s in (("b", "valid"), ("a", "valid"), ("c", "unchanged"))]
    found = number_deliveries(entries, "curation", dt.date(2026, 11, 20), 3)
    assert found == {"a": "curation:2026-11-20:3", "b": "curation:2026-11-20:4"}


def test_delivery_toml_over_defaults() -> None:
    info = read_delivery(b'sender = "EMBO"\ndate = 2026-11-01\nsynthetic = true\nhas_roles = true', DEFAULTS)
    assert (info.sender, info.stated_date, info.is_synthetic, info.has_roles) == (
        "EMBO",
        dt.date(2026, 11, 1),
        True,
        True,
    )
    assert info.annotated_types == ("GENEPROD",)
    assert read_delivery(None, DEFAULTS) == DEFAULTS


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"sender = ", "cannot be read"),
        (b"\xff\xfe", "cannot be read"),
        (b"speed = 3", "unknown key speed"),
        (b'review_stage = "robot"', "review_stage 'robot'"),
        (b'annotated_types = ["GENE"]', "holds 'GENE'"),
        (b'date = "soon"', "is no date"),
        (b"sender = 3", "must be a text in quotes"),
        (
            b'labels = {Gene = "GENEPROD"}',
            "it names a map of pipelines/config/labels.toml",
        ),
        (b'labels = "mine"', "labels 'mine' is none of bc5cdr, "),
    ],
)
def test_a_wrong_description_says_which_key(text: bytes, words: str) -> None:
    with pytest.raises(RejectedInput, match=r"delivery\.toml") as caught:
        read_delivery(text, DEFAULTS)
    assert caught.value.reason == Reason.BAD_DELIVERY
    assert words in caught.value.message


def test_counts_balance() -> None:
    entries = [
        Entry("s", ".", str(i), "", 0, s)
        for i, s in enumerate(("valid", "ignored", "unchanged", "duplicate", "quarantined"))
    ]
    counts = count_files(entries)
    assert counts.balances
    assert counts.n_in == 5


def test_a_map_of_labels_gives_types_and_makes_a_delivery_auxiliary() -> None:
    info = read_delivery(b'format = "conll"\nlabels = "bc5cdr"', DEFAULTS)
    assert (info.format, info.labels, info.purpose) == ("conll", "bc5cdr", "auxiliary")
    assert (info.annotated_types, info.has_roles) == (("SMALL_MOLECULE", "DISEASE"), False)
    roles = read_delivery(b'format = "jsonl"\nlabels = "sourcedata-roles"', DEFAULTS)
    assert (roles.annotated_types, roles.has_roles) == ((), True)


@pytest.mark.parametrize(
    ("text", "purpose"),
    [
        (b'format = "pubtator"', "auxiliary"), (b'format = "bioc-json"', "gold"), (b'labels = "bc2gm"', "auxiliary"),
        (b'format = "conll"\npurpose = "gold"', "gold"), (b'purpose = "auxiliary"', "auxiliary"), (b"", "gold"),
    ],
)  # fmt: skip
def test_text_without_figures_is_gold_only_where_the_delivery_says_so(text: bytes, purpose: str) -> None:
    assert read_delivery(text, DEFAULTS).purpose == purpose


@pytest.mark.parametrize("text", [b'labels = "x"', b'purpose = "fun"', b'format = "word"', b"labels = 3"])
def test_unknown_words_in_the_description_are_refused(text: bytes) -> None:
    with pytest.raises(RejectedInput) as caught:
        read_delivery(text, DEFAULTS)
    assert caught.value.reason == Reason.BAD_DELIVERY


@pytest.mark.parametrize(
    ("text", "kind"),
    [(b'format = "conll"', "conll"), (b'format = "x"', "unknown"), (b"x", "unknown"), (b"", "mixed"), (None, "mixed")],
)
def test_the_format_is_known_before_the_rest_is_judged(text: bytes | None, kind: str) -> None:
    assert stated_format(text) == kind


def test_files_of_a_stated_format_are_not_ignored_by_their_name() -> None:
    patterns = ("*.txt", "*.json", "*.csv")
    assert ignore_patterns(patterns, "pubtator") == ("*.json", "*.csv")
    assert ignore_patterns(patterns, "bioc-json") == ("*.txt", "*.csv")
    assert ignore_patterns(patterns, "mixed") == patterns
    assert ignore_patterns(patterns, "unknown") == ("*.csv",)


def test_a_delivery_with_a_wrong_description_is_its_senders() -> None:
    entries = [Entry("s", name, f"{name}/a.xml", "ab", 1, "valid") for name in ("x", "y")]
    tomls = {"x": b'sender = "Ann"\nreview_stage = "boss"', "y": b"sender = "}
    found, rows = describe_deliveries(entries, {"x": "s:n:1", "y": "s:n:2"}, tomls, DEFAULTS)
    assert {e.status for e in found} == {"quarantined"}
    assert [r["sender"] for r in rows] == ["Ann", DEFAULTS.sender]
