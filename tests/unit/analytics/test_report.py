from __future__ import annotations

import datetime as dt
from typing import Any

from lxml import html

from pipelines.analytics.report import render_report

DAY = dt.date(2026, 11, 20)


def score(task: str, tagger: str, version: str, f1: float, alias: str | None = None) -> dict[str, Any]:
    return {
        "task": task,
        "model_version": version,
        "tagger": tagger,
        "precision": f1,
        "recall": f1,
        "f1": f1,
        "f1_low": f1 - 0.05,
        "f1_high": f1 + 0.05,
        "support": 1200,
        "benchmark_version": 1,
        "alias": alias,
    }


def page_data() -> dict[str, list[dict[str, Any]]]:
    night = {
        "night": DAY,
        "run_key": "2026-11-20",
        "status": "published",
        "n_documents": 3,
        "n_figures": 4,
        "n_annotations": 5,
        "n_quarantined": 1,
        "seconds": 12.0,
        "sources_missing": ["curation"],
        "message": "corpus/2026-11-20 adds 3 documents <b>",
    }
    example = {"name": "a<script>.xml", "unit": "file", "message": "not XML & more", "locator": ""}
    return {
        "meta": [
            {
                "generation": "analytics-2026-11-20-1",
                "corpus_version": "corpus/2026-11-20",
                "corpus_md5": "abc.dir",
                "published_at": dt.datetime(2026, 11, 20, 3, 4),
                "is_synthetic": True,
                "schema_version": 1,
                "panels_note": "By rule.",
                "roles_note": "By curators.",
            }
        ],
        "agreement": [],
        "corrections": [],
        "night": [night],
        "nights": [night],
        "accounting": [
            {
                "stage": "parse",
                "unit": "file",
                "n_in": 4000,
                "valid": 3,
                "quarantined": 1,
                "duplicate": 0,
                "unchanged": 3996,
                "ignored": 0,
            }
        ],
        "quarantine": [{"reason": "not_xml", "n_open": 2, "n_new": 1, "examples": [example]}],
        "quality": [
            {
                "suite": "figures",
                "rule": "legend is short",
                "severity": "warning",
                "success": False,
                "n_checked": 9,
                "band": None,
                "n_failed": 1,
                "observed": None,
            },
            {
                "suite": "figures",
                "rule": "ids",
                "severity": "critical",
                "success": True,
                "n_checked": 9,
                "band": None,
                "n_failed": 0,
                "observed": None,
            },
        ],
        "models": [
            {
                "task": "ner",
                "model_version": "2",
                "model_name": "ner",
                "tagger": "crf",
                "alias": "champion",
                "corpus_version": "corpus/2026-11-20",
                "data_kind": "real",
                "f1": 0.8,
                "decision": "promoted",
                "registered_on": DAY,
            }
        ],
        "scores": [score("ner", "crf", "2", 0.8, "champion"), score("ner", "dictionary", "dictionary", 0.5)],
        "freshness": [
            {
                "source": "deposit",
                "last_new_night": DAY,
                "nights_without_news": 0,
                "n_deliveries": 1,
                "n_documents": 3,
                "is_missing": True,
            }
        ],
        "totals": [{"publications": 3, "figures": 1234}],
        "changes": [
            {"what": "new document", "doc_id": f"10.5555/{n}", "detail": "T", "source": "deposit"} for n in range(45)
        ],
    }


def test_the_page_is_self_contained_and_well_formed() -> None:
    page = render_report(page_data())
    tree = html.fromstring(page)
    assert not tree.xpath("//script | //link | //img | //*[@src]")
    assert [h.text for h in tree.xpath("//h2")] == [
        "What came in",
        "Where everything went",
        "Rejected, by reason",
        "Quality",
        "Models",
        "Freshness",
    ]
    assert len(tree.xpath("//svg")) == 2
    assert len(tree.xpath("//svg//circle")) == 2


def test_equal_rows_give_equal_bytes() -> None:
    assert render_report(page_data()) == render_report(page_data())


def test_what_a_reader_must_not_miss_is_said_first() -> None:
    head = html.fromstring(render_report(page_data())).xpath("//header")[0].text_content()
    assert "Sample data" in head
    assert "Could not be read: curation" in head


def test_texts_from_files_cannot_become_markup() -> None:
    page = render_report(page_data())
    assert "a<script>" not in page
    assert "a&lt;script&gt;.xml" in page


def test_long_lists_say_how_many_are_left_out() -> None:
    assert "and 30 more" in render_report(page_data())


def test_a_night_with_nothing_says_so() -> None:
    data = {**page_data(), "changes": [], "quarantine": [], "quality": [], "models": [], "scores": [], "accounting": []}
    text = html.fromstring(render_report(data)).text_content()
    for words in (
        "Nothing new in this night",
        "Nothing is in quarantine",
        "No model is registered yet",
        "No rule was checked",
    ):
        assert words in text


def test_only_the_champion_is_filled() -> None:
    circles = html.fromstring(render_report(page_data())).xpath("//svg//circle/@class")
    assert circles == ["champion", "other"]


def test_agreement_is_charted_where_there_is_any() -> None:
    data = page_data()
    assert "Agreement of annotators" not in render_report(data)
    pair = {"pair": "ann <b> (curator) and pat (author)", "n_figures": 3, "n_spans_a": 10, "n_spans_b": 12}
    data["agreement"] = [{**pair, "entity_type": "all", "f1": 0.75, "alpha": -0.1},
                         {**pair, "entity_type": "TISSUE", "f1": 1.0, "alpha": None}]  # fmt: skip
    names = ("n_documents", "n_without", "n_few", "n_many", "n_kept", "n_changed", "n_deleted", "n_added")
    data["corrections"] = [{"from_stage": "curator", "to_stage": "author", **dict.fromkeys(names, 2)}]
    page = html.fromstring(render_report(data))
    [section] = [s for s in page.iter("section") if s.findtext("h2") == "Agreement of annotators"]
    assert "ann <b> (curator)" in section.findtext("h3")
    assert len(section.findall(".//circle")) == 3  # alpha of the second line is undefined
    assert [c.text for c in section.findall(".//td")][:3] == ["curator", "author", "2"]
