"""CRAFT deliveries: files of an article found together, captions cut from the plain text, annotations in them kept."""

from __future__ import annotations

from pipelines.core.records import DocIds, Reason, UnitCounts
from pipelines.ingest.craft import group_files, is_list, parse_craft

CAPTION = "Growth of α‐tubulin cells.  Scale."
TEXT = f"Title\n\nHeLa cells here.\n\nFigure 1\n\n{CAPTION}\n\nThe end."
JATS = (
    b"<article><front><article-meta>%s</article-meta></front><body><p>x<fig><label>Figure 1</label><caption>"
    b"<title>Growth of <i>\xce\xb1</i>\xe2\x80\x90tubulin cells.</title><p>Scale.</p></caption></fig></p></body>"
    b"</article>"
)
IDS = b"<article-id pub-id-type='pmid'>7</article-id><article-id pub-id-type='pmc'>9</article-id>"


def knowtator(*annotations: tuple[str, list[tuple[int, int]], str]) -> bytes:
    out = []
    for n, (concept, spans, text) in enumerate(annotations):
        places = "".join(f'<span start="{a}" end="{b}"/>' for a, b in spans)
        out.append(
            f'<annotation><mention id="m{n}"/>{places}<spannedText>{text}</spannedText></annotation>'
            f'<classMention id="m{n}"><mentionClass id="{concept}">x</mentionClass></classMention>'
        )
    return f'<annotations textSource="7.txt">{"".join(out)}</annotations>'.encode()


def place(word: str, after: int = 0) -> tuple[int, int]:
    at = TEXT.index(word, after)
    return at, at + len(word)


def delivery(annotations: bytes, jats: bytes = JATS % IDS) -> dict[str, bytes]:
    return {"a/7.txt": TEXT.encode(), "b/x.nxml": jats, "c/7.txt.knowtator.xml": annotations}


def test_annotations_of_a_caption_become_a_figure_and_the_others_are_counted() -> None:
    caption = TEXT.index(CAPTION)
    project = (
        '<knowtator-project><document text-file="7.txt"><annotation id="p1"><class id="http://purl.obolibrary.org/obo/'
        f'MONDO_0000001" label="x"/><span start="{caption}" end="{caption + 6}">Growth</span></annotation></document>'
        "</knowtator-project>"
    )
    files = delivery(
        knowtator(
            ("PR:000000001", [place("α‐tubulin")], "α‐tubulin"),
            ("CL:0000066", [place("HeLa cells")], "HeLa cells"),
            ("CL:0000067", [place("Growth"), place("cells", caption)], "Growth ... cells"),
            ("XX:1", [place("Scale")], "Scale"),
            ("CL:0000066", [place("Scale")], "other"),
        )
    )
    (article,), odd = group_files({**files, "d/7.xml": project.encode()})
    assert odd == {}
    parsed = parse_craft(article)
    (figure,) = parsed.curated
    assert (figure.legend, figure.label, figure.key) == (CAPTION.replace("  ", " "), "Figure 1", "craft-fig-1")
    assert figure.ids == DocIds(pmcid="PMC9", pmid="7")
    assert {(a.text, a.entity_type, a.ext_ids) for a in figure.annotations} == {
        ("α‐tubulin", "GENEPROD", ("PR:000000001",)), ("Growth", "DISEASE", ("MONDO:0000001",)),
        ("Growth of α‐tubulin cells", "OTHER", ("CL:0000067",)),
    }  # fmt: skip
    assert sorted(r.reason for r in parsed.rejections) == sorted([Reason.UNKNOWN_TYPE, Reason.TEXT_MISMATCH])
    assert parsed.counts["annotation"] == UnitCounts(n_in=6, valid=3, quarantined=2, ignored=1)


def test_an_article_without_one_of_its_files_is_refused_with_what_it_lacks() -> None:
    files = delivery(knowtator())
    del files["b/x.nxml"]
    articles, odd = group_files({**files, "z.xml": b"<other/>"})
    assert articles == []
    assert "no JATS file" in odd["a/7.txt"].message
    assert {name: e.reason for name, e in odd.items()} == {
        "a/7.txt": Reason.BAD_DELIVERY, "c/7.txt.knowtator.xml": Reason.BAD_DELIVERY, "z.xml": Reason.UNKNOWN_FORMAT,
    }  # fmt: skip


def test_the_list_of_ids_names_an_article_whose_jats_states_none() -> None:
    mappings = b"#Format: x\nx.nxml\tPMC9\t7\n"
    articles, odd = group_files({**delivery(knowtator(), JATS % b""), "ids/craft-idmappings.txt": mappings})
    assert [a.pmid for a in articles] == ["7"]
    assert odd == {}
    assert is_list("x.tar.gz!ids/craft-ids-dev.txt")
    assert not is_list("7.txt")


def test_a_caption_that_the_plain_text_lacks_is_a_refused_figure() -> None:
    files = delivery(knowtator()) | {"a/7.txt": b"Another text."}
    (article,), _ = group_files(files)
    parsed = parse_craft(article)
    assert parsed.counts["figure"] == UnitCounts(n_in=1, quarantined=1)
    assert parsed.rejections[0].reason == Reason.NO_LEGEND
