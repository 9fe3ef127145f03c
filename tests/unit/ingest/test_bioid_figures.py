"""Documents of one figure joined to one legend: repeats, lead-ins and tails once, every span finds its way."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.ingest.bioid_figures import JoinedFigure, find_gold_markers, parse_figure_name, resolve_ranges

LEAD = "Autophagy is induced when the mutant cells are starved for two hours. "
TAIL = "Data are means of three independent experiments; error bars show the s.e.m. of all."


@pytest.mark.parametrize(
    ("text", "number", "letters"),
    [
        ("Figure 9-A", "9", "A"),
        ("Figure_9-A-B", "9", "A B"),
        ("f9-C", "9", "C"),
        ("figf9-AB", "9", "A B"),
        ("Fig_9-A,B", "9", "A B"),
        ("Figure\xa010.-C_and_D", "10", "C D"),
        ("Figure 9-A-1", "9", "A1"),
        ("Figure 9-A3", "9", "A3"),
        ("Figure 9-", "9", ""),
        ("Figure 9", "9", ""),
        ("Figure 9-A-F?", "9", "A F"),
        ("Figure S2-B", "S2", "B"),
        ("Figure EV5-A", "EV5", "A"),
        ("Supplementary Figure 2-A", "S2", "A"),
        ("Scheme of it", "scheme of it", ""),
    ],
)
def test_figure_names_in_all_spellings(text: str, number: str, letters: str) -> None:
    name = parse_figure_name(text)
    assert (name.number, " ".join(name.letters)) == (number, letters)


def test_two_letters_are_a_range_where_nobody_else_has_those_between() -> None:
    assert resolve_ranges([("A", "D"), ("E",)]) == [("A", "B", "C", "D"), ("E",)]
    assert resolve_ranges([("A", "D"), ("B",), ("C",)]) == [("A", "D"), ("B",), ("C",)]


def join(texts: list[str], letters: list[str], spans: list[list[tuple[int, int]]] | None = None) -> JoinedFigure:
    return JoinedFigure(texts, [tuple(x) for x in letters], spans or [[] for _ in texts])


def test_lead_in_and_tail_stand_once() -> None:
    texts = [f"{LEAD}(A) Blot. {TAIL}", f"{LEAD}(B) Image. {TAIL}", f"{LEAD}(C) Sum. {TAIL}"]
    figure = join(texts, ["A", "B", "C"])
    assert figure.legend == f"{LEAD}(A) Blot. (B) Image. (C) Sum. {TAIL}"
    assert [figure.legend[p.start : p.end] for p in figure.panels] == [
        f"{LEAD}(A) Blot.", "(B) Image.", f"(C) Sum. {TAIL}",
    ]  # fmt: skip
    assert [p.marker_offsets for p in figure.panels] == [(len(LEAD),), (len(LEAD) + 10,), (len(LEAD) + 21,)]
    for i, text in enumerate(texts):
        for word in ("mutant", "means"):
            at = text.index(word)
            span = figure.locate(i, at, at + len(word))
            assert span is not None
            assert figure.legend[slice(*span)] == word


def test_short_repeats_are_the_printed_legend() -> None:
    figure = join(["(A) Blot. Bar, 5 µm.", "(B) Image. Bar, 5 µm."], ["A", "B"])
    assert figure.legend == "(A) Blot. Bar, 5 µm. (B) Image. Bar, 5 µm."


def test_a_mention_is_never_cut() -> None:
    text = f"(A) Blot. {TAIL}"
    span = (4, len(text))
    figure = join([text, f"(B) Image. {TAIL}"], ["A", "B"], [[span], []])
    assert figure.legend.count(TAIL) == 2
    assert figure.locate(0, *span) == span


def test_repeated_document_is_the_panel_of_both_letters() -> None:
    figure = join(["(E, F) Assay with both reporters.", "(E, F) Assay with both reporters."], ["E", "F"])
    assert figure.legend == "(E, F) Assay with both reporters."
    assert [(p.labels, p.documents) for p in figure.panels] == [(("E", "F"), (0, 1))]
    assert figure.locate(1, 7, 12) == (7, 12)


def test_document_inside_another_is_a_repeat_of_it() -> None:
    whole = "(A) Blot of the first cells and others. (B) Image of the second cells. (C) Sum of both."
    inner = "(B) Image of the second cells."
    figure = join([whole, inner], ["AC", "B"])
    assert figure.legend == whole
    assert [p.documents for p in figure.panels] == [(0, 1)]
    assert figure.locate(1, 4, 9) == (whole.index("Image"), whole.index("Image") + 5)


def test_document_that_begins_the_next_one_keeps_its_own_panel() -> None:
    first = "(F) Blot of the first cells, which were starved for 2 h."
    figure = join([first, f"{first} (G) Image of the others."], ["F", "G"])
    assert figure.legend == f"{first} (G) Image of the others."
    assert [p.labels for p in figure.panels] == [("F",), ("G",)]


@pytest.mark.parametrize(
    ("text", "labels", "others", "offsets"),
    [
        ("(A) Foo. (B) Baz.", "AB", "C", [0, 9]),
        ("(A) Foo. (B) Baz.", "A", "", [0, 9]),
        ("(A) Foo. (B) See there.", "A", "B", [0]),
        ("Title first. (A) Foo.", "A", "B", [13]),
        ("B Western blot.", "B", "", [0]),
        ("BNorthern blot of it.", "B", "", [0]),
        ("G siRNA against it.", "G", "", [0]),
        ("A qRT-PCR analysis.", "A", "", [0]),
        ("A representative blot.", "A", "", []),
        ("(D) Western blot.", "C", "", [0]),
        ("(D) and others.", "C", "", []),
        ("(A-C) Treated cells. (A) Foo.", "A", "BC", [21]),
        ("Western blot of LC3.", "A", "", []),
    ],
)
def test_gold_markers(text: str, labels: str, others: str, offsets: list[int]) -> None:
    assert [m.start for m in find_gold_markers(text, tuple(labels), set(others))] == offsets


SENTENCES = st.lists(
    st.sampled_from([LEAD, TAIL + " ", "(A) Blot of LC3. ", "(B) Image of p62 in cells. ", "Bar, 5 µm. ", "b, Sum. "]),
    min_size=1, max_size=5,
)  # fmt: skip


@given(st.lists(SENTENCES, min_size=1, max_size=5))
@settings(max_examples=300, deadline=None)
def test_every_word_of_every_document_stands_in_the_legend(documents: list[list[str]]) -> None:
    texts = ["".join(sentences).strip() for sentences in documents]
    words = [[(m, m + 3) for m in range(0, len(t) - 3) if t[m : m + 3] in ("LC3", "p62", "Bar")] for t in texts]
    figure = JoinedFigure(texts, [("A",)] * len(texts), words)
    for i, spans in enumerate(words):
        for start, end in spans:
            span = figure.locate(i, start, end)
            assert span is not None
            assert figure.legend[slice(*span)] == texts[i][start:end]
    assert sorted(d for p in figure.panels for d in p.documents) == list(range(len(texts)))
    assert " ".join(figure.legend[p.start : p.end] for p in figure.panels) == figure.legend
