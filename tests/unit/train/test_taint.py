"""What bars a model, and what of a benchmark it knows."""

from __future__ import annotations

from pipelines.train.taint import bar_reason, leaked_documents, purge_reason

GOLD = {"10.5555/a#cur-c-1": ("s1", 3), "10.5555/b#cur-c-1": ("s2", 1)}
LEGEND = "Liver sections of mice fed glucose show Akt1 in hepatocytes"


def test_a_retraction_or_a_withdrawn_revision_bars_what_learnt_it() -> None:
    assert bar_reason(GOLD, retracted={"10.5555/x"}, hidden={("10.5555/a#cur-c-1", "other")}) is None
    assert bar_reason(GOLD, retracted={"10.5555/b"}, hidden=()) == "trained on 10.5555/b, now retracted"
    reason = bar_reason(GOLD, retracted=(), hidden={("10.5555/a#cur-c-1", "s1")})
    assert reason == "trained on figures of 10.5555/a that were withdrawn since"


def test_a_purge_bars_the_versions_that_had_the_document() -> None:
    purged = {"was_gold": True, "split": "train", "first_seq": 2}
    chain = [{"tag": f"corpus/{n}", "seq": n} for n in (1, 2, 3)] + [
        {"tag": "corpus/purge-4", "seq": 4, "purged": purged}
    ]
    reasons = [purge_reason(chain, f"corpus/{n}") is not None for n in (1, 2, 3, "purge-4")]
    assert reasons == [False, True, True, False]
    for change in ({"split": "test"}, {"was_gold": False}):
        other = [*chain[:3], {**chain[3], "purged": purged | change}]
        assert purge_reason(other, "corpus/2") is None


def test_a_benchmark_document_is_left_out_when_its_legend_or_twin_was_trained_on() -> None:
    legends = [{"doc_id": "t1", "legend": LEGEND}, {"doc_id": "h1", "legend": LEGEND.upper()},
               {"doc_id": "h2", "legend": "Short one"}, {"doc_id": "t2", "legend": "Short one"}]  # fmt: skip
    twins = [{"doc_id": "h3", "twin": "t2"}, {"doc_id": "t2", "twin": "h4"}, {"doc_id": "x", "twin": "h2"}]
    assert leaked_documents({"t1", "t2"}, {"h1", "h2", "h3", "h4"}, legends, twins) == ["h1", "h3", "h4"]
