"""JATS documents: wrappers, ids, dates, figures in all their variants, events."""

from __future__ import annotations

import datetime as dt

import pytest

from pipelines.core.records import DocIds, DocumentRecord, FigureRecord, Reason
from pipelines.errors import RejectedInput
from pipelines.ingest.jats import parse_jats

META = """<journal-meta><journal-id journal-id-type="nlm-ta">J Test</journal-id>
<journal-title-group><journal-title>Journal of <italic>Tests</italic></journal-title></journal-title-group>
<publisher><publisher-name>Test House</publisher-name></publisher></journal-meta>"""
FIG = '<fig id="f{n}"><label>Figure {n}.</label><caption><title>Title {n}.</title><p>Text {n}</p></caption></fig>'


def article(*, meta: str = "", body: str = "", rest: str = "", attributes: str = "", front: str = "") -> str:
    return (
        f'<article xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:ali="http://www.niso.org/schemas/ali/1.0/" '
        f"{attributes}><front>{META}<article-meta>{meta}</article-meta>{front}</front><body>{body}</body>{rest}</article>"
    )


def read(text: str) -> DocumentRecord:
    parsed = parse_jats(text.encode())
    assert all(counts.balances for counts in parsed.counts.values())
    (document,) = parsed.documents
    return document


def figures(text: str) -> tuple[FigureRecord, ...]:
    return read(text).figures


def test_reads_the_bibliographic_data() -> None:
    document = read(article(attributes='article-type="Research-Article" xml:lang="EN"', meta="""
        <article-id pub-id-type="pmcid">6355986</article-id><article-id pub-id-type="pmid">30696734</article-id>
        <article-id pub-id-type="doi">10.5555/ABC.1</article-id><article-id pub-id-type="publisher-id">132</article-id>
        <article-version article-version-type="number">1.2</article-version>
        <title-group><article-title>Loss of <italic>myo</italic>-inositol<xref ref-type="bibr">1</xref></article-title>
        </title-group>
        <pub-date pub-type="collection"><year>2019</year></pub-date>
        <pub-date pub-type="epub"><day>5</day><month>Feb</month><year>2019</year></pub-date>
        <pub-date pub-type="ppub"><day>31</day><month>1</month><year>2020</year></pub-date>
        <permissions><license><license-p>CC <ext-link xlink:href="https://creativecommons.org/licenses/by/4.0/">BY</ext-link>
        </license-p></license></permissions>
        <abstract abstract-type="graphical"><p>No</p></abstract>
        <abstract><sec><title>Aim</title><p>To test.</p></sec></abstract>"""))  # fmt: skip
    assert document.ids == DocIds("10.5555/abc.1", "PMC6355986", "30696734", "J Test/132")
    assert (document.title, document.abstract) == ("Loss of myo-inositol", "Aim\nTo test.")
    assert (document.journal, document.publisher) == ("Journal of Tests", "Test House")
    assert (document.article_type, document.language) == ("research-article", "en")
    assert document.pub_date == dt.date(2019, 2, 5)
    assert (document.licence, document.licence_evidence) == ("open", "https://creativecommons.org/licenses/by/4.0/")
    assert (document.stated_version, document.stated_date) == (1002, None)


def test_an_article_that_says_nothing_of_itself() -> None:
    document = read("<article><body/></article>")
    assert document == DocumentRecord(ids=DocIds())
    assert read(
        "<article><front-stub><article-id pub-id-type='doi'>10.5555/x</article-id></front-stub><body/></article>"
    ).ids.doi


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        ('<pub-date pub-type="ppub"><month>3</month><year>2018</year></pub-date>', dt.date(2018, 3, 1)),
        ('<pub-date><season>Spring</season><year>2018</year></pub-date>', dt.date(2018, 1, 1)),
        ('<pub-date pub-type="epub"><day>2</day><month>13</month><year>2018</year></pub-date>', None),
        ('<pub-date iso-8601-date="2018-04-09"/>', dt.date(2018, 4, 9)),
        ('<pub-date pub-type="pmc-release"><day>2</day><month>1</month><year>2018</year></pub-date>', None),
        ("<pub-date><year>in press</year></pub-date>", None),
    ],
)  # fmt: skip
def test_publication_date(dates: str, expected: dt.date | None) -> None:
    assert read(article(meta=dates)).pub_date == expected


@pytest.mark.parametrize(("stated", "version"), [("2", 2), ("v3", 3), ("1.10", 1010), ("preprint", 0), ("", 0)])
def test_stated_version(stated: str, version: int) -> None:
    meta = f"<article-version-alternatives><article-version>{stated}</article-version></article-version-alternatives>"
    assert read(article(meta=meta)).stated_version == version


def test_every_figure_is_one_record_with_its_place() -> None:
    nested = FIG.format(n=9).replace("</caption>", "</caption><p>" + FIG.format(n=10) + "</p>")
    found = figures(article(
        front=f"<abstract>{FIG.format(n=1)}</abstract>",
        body=f"<sec><p>{FIG.format(n=2)}</p></sec>{nested}",
        rest=f"<back><app-group><app>{FIG.format(n=3)}</app></app-group></back><floats-group>{FIG.format(n=4)}</floats-group>"
             f"<sub-article article-type='translation'><back>{FIG.format(n=2)}</back></sub-article>"
             f"<response>{FIG.format(n=5)}</response>",
    ))  # fmt: skip
    assert [(f.key, f.place, f.position) for f in found] == [
        ("fig-1", "front", 0), ("fig-2", "body", 1), ("fig-9", "body", 2), ("fig-10", "body", 3), ("fig-3", "back", 4),
        ("fig-4", "floats", 5), ("fig-2-b", "sub-article", 6), ("fig-5", "sub-article", 7),
    ]  # fmt: skip
    assert found[0].legend == "Title 1.\nText 1"
    assert (found[2].legend, found[3].legend) == ("Title 9.\nText 9", "Title 10.\nText 10")
    assert found[3].parent_key == "fig-9"


def test_a_figure_nested_in_a_caption_belongs_to_itself() -> None:
    outer = f"<fig><label>Fig 1</label><caption><p>Outer {FIG.format(n=2)}end</p></caption></fig>"
    first, second = figures(article(body=outer))
    assert (first.legend, second.legend) == ("Outer end", "Title 2.\nText 2")
    assert second.parent_key == "fig-1"


def test_figure_supplements_keep_their_parent() -> None:
    child = FIG.format(n=3).replace("<fig ", '<fig specific-use="child-fig" ').replace(
        "Figure 3.", "Figure 3—figure supplement 1.")  # fmt: skip
    first, second = figures(article(body=f"<fig-group>{FIG.format(n=3)}{child}</fig-group>"))
    assert (first.parent_key, second.parent_key) == (None, "fig-3")
    assert (second.key, second.fig_type) == ("fig-3-s1", "child-fig")


def test_group_label_and_caption() -> None:
    part = "<fig><label>({0})</label><caption><p>Part {0}</p></caption></fig>"
    parts = part.format("a") + part.format("b")
    group = f"<fig-group><label>Figure 2</label><caption><p>Both</p></caption>{parts}</fig-group>"
    first, second = figures(article(body=group))
    assert [first.label, second.label] == ["Figure 2 (a)", "Figure 2 (b)"]
    assert [first.legend, second.legend] == ["Both\nPart a", "Part b"]


def test_figures_in_two_languages_are_two_figures() -> None:
    group = "<fig-group>{}{}</fig-group>".format(
        '<fig xml:lang="pt"><label>Figura 1</label><caption><title>Amostra</title></caption></fig>',
        '<fig xml:lang="en"><label>Figure 1</label><caption><title>Sample</title></caption></fig>',
    )
    assert [(f.key, f.legend, f.parent_key) for f in figures(article(body=group))] == [
        ("figura-1", "Amostra", None), ("fig-1", "Sample", None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("captions", "legend"),
    [
        ('<caption xml:lang="fr"><p>Un</p></caption><caption xml:lang="en"><p>One</p></caption>', "One"),
        ('<caption xml:lang="fr"><p>Un</p></caption><caption><p>One</p></caption>', "One"),
        ('<caption xml:lang="fr"><p>Un</p></caption><caption xml:lang="de"><p>Ein</p></caption>', "Un"),
        ('<caption specific-use="short"><p>S</p></caption><caption><p>Long</p></caption>', "Long"),
        ('<caption specific-use="a"><p>A</p></caption><caption specific-use="b"><p>B</p></caption>', "A\nB"),
        ("<caption>Bare</caption>", "Bare"),
        ("<caption><p/></caption>", None),
        ("", None),
        ("<p>Loose</p>", "Loose"),
    ],
)  # fmt: skip
def test_which_caption_is_the_legend(captions: str, legend: str | None) -> None:
    (figure,) = figures(article(body=f"<fig>{captions}</fig>", attributes='xml:lang="en"'))
    assert figure.legend == legend
    assert (figure.key, figure.label) == ("pos-1", None)


def test_raw_caption_and_graphics() -> None:
    body = """<fig fig-type="figure"><label>Fig 1</label><caption><p>A <bold>b</bold></p></caption>
        <graphic xlink:href="a.tif"/><alternatives><graphic xlink:href="b.tif"/>
        <graphic xlink:href="b.gif"/></alternatives>
        <media xlink:href="c.mov"/><graphic/></fig>"""
    (figure,) = figures(article(body=body))
    assert figure.graphics == ("a.tif", "b.tif", "b.gif", "c.mov")
    assert figure.caption_xml is not None
    assert "<p>A <bold>b</bold></p></caption>" in figure.caption_xml
    assert figure.fig_type == "figure"


@pytest.mark.parametrize(
    ("permissions", "licence"),
    [
        ("", None),
        ("<permissions><copyright-statement>© 2010 Elsevier</copyright-statement></permissions>", "unknown"),
        (
            '<permissions><license xlink:href="https://creativecommons.org/licenses/by-nc/4.0/"/></permissions>',
            "noncommercial",
        ),
        ("<graphic><permissions><license><p>CC BY</p></license></permissions></graphic>", "open"),
        ("<permissions><license><ali:license_ref>https://creativecommons.org/licenses/by-nc/4.0/</ali:license_ref>"
         "<!-- c --><ali:license_ref/></license></permissions>", "noncommercial"),
    ],
)  # fmt: skip
def test_licence_of_a_figure(permissions: str, licence: str | None) -> None:
    (figure,) = figures(article(body=f"<fig><caption><p>x</p></caption>{permissions}</fig>"))
    assert figure.licence == licence


RELATED = '<related-article related-article-type="{}" ext-link-type="{}" xlink:href="{}">{}</related-article>'
DATE = '<pub-date pub-type="epub"><day>1</day><month>6</month><year>2020</year></pub-date>'
OWN = '<article-id pub-id-type="doi">10.5555/own</article-id>'


@pytest.mark.parametrize(
    ("kind", "related", "event", "target"),
    [
        ("retraction", ("retracted-article", "uri", "info:doi/10.5555/Old", ""), "retraction",
         DocIds(doi="10.5555/old")),
        ("correction", ("corrected-article", "pubmed", "29250082", ""), "correction", DocIds(pmid="29250082")),
        ("correction", ("corrected-article", "pubmed", "2925", "doi: 10.5555/old"), "correction",
         DocIds(doi="10.5555/old", pmid="2925")),
        ("correction", ("corrected-article", "pubmed", "2925", "10.5555/own"), "correction", DocIds(pmid="2925")),
        ("addendum", ("corrected-article", "doi", "https://doi.org/10.5555/old", ""), "addendum",
         DocIds(doi="10.5555/old")),
        ("expression-of-concern", ("object-of-concern", "pmc", "PMC123", ""), "expression_of_concern",
         DocIds(pmcid="PMC123")),
        ("correction", ("retracted-article", "doi", "10.5555/old", ""), "retraction", DocIds(doi="10.5555/old")),
        ("correction", ("corrected-article", "doi", "", "10.5555/old"), "correction", DocIds(doi="10.5555/old")),
    ],
)  # fmt: skip
def test_a_notice_is_a_document_and_an_event(kind: str, related: tuple[str, ...], event: str, target: DocIds) -> None:
    document = read(article(attributes=f'article-type="{kind}"', meta=OWN + DATE + RELATED.format(*related)))
    (record,) = document.events
    assert (record.target, record.kind, record.event, record.event_date) == (
        target,
        "integrity",
        event,
        dt.date(2020, 6, 1),
    )
    assert record.detail == f"{related[0]}, stated by 10.5555/own"
    assert document.article_type == kind


def test_an_article_may_point_to_its_own_retraction() -> None:
    (event,) = read(article(meta=OWN + DATE + RELATED.format("retraction-forward", "doi", "10.5555/notice", ""))).events
    assert (event.target.doi, event.event, event.event_date) == ("10.5555/own", "retraction", None)
    assert event.detail == "retraction-forward, stated by 10.5555/notice"


def test_preprints() -> None:
    uri = '<self-uri content-type="preprint" xlink:href="https://doi.org/10.5555/pre"/>'
    history = f"<pub-history><event>{uri}</event></pub-history>"
    (event,) = read(article(meta=OWN + DATE + history)).events
    assert (event.target.doi, event.kind, event.event) == ("10.5555/pre", "identity", "preprint_of")
    assert event.detail == "preprint, published as 10.5555/own"


def test_companions_and_commentaries_are_no_events() -> None:
    links = RELATED.format("companion", "doi", "10.5555/x", "") + RELATED.format("commentary", "doi", "10.5555/y", "")
    assert read(article(meta=OWN + links)).events == ()


def test_said_twice_counts_once() -> None:
    link = RELATED.format("corrected-article", "doi", "10.5555/old", "")
    parsed = parse_jats(
        article(attributes='article-type="correction"', meta=OWN + link, body=f"<p>{link}</p>").encode()
    )
    assert len(parsed.documents[0].events) == 1
    assert (parsed.counts["event"].n_in, parsed.counts["event"].duplicate) == (2, 1)


@pytest.mark.parametrize("link", ["", RELATED.format("retracted-article", "doi", "unavailable", "")])
def test_a_notice_that_names_no_article_is_rejected(link: str) -> None:
    parsed = parse_jats(article(attributes='article-type="retraction"', meta=OWN + link).encode())
    (rejection,) = parsed.rejections
    assert (rejection.unit, rejection.reason, rejection.locator) == ("event", Reason.NO_IDENTITY, "10.5555/own")
    assert "names no" in rejection.message
    assert parsed.counts["event"].quarantined == 1
    assert parsed.counts["event"].balances


def test_a_preprint_may_point_to_its_article() -> None:
    (event,) = read(article(meta=OWN + RELATED.format("published-article", "doi", "10.5555/final", ""))).events
    assert (event.target.doi, event.event, event.notice.doi) == ("10.5555/own", "preprint_of", "10.5555/final")
    assert event.detail == "published-article, published as 10.5555/final"


def test_an_old_article_states_its_licence_without_permissions() -> None:
    meta = (
        "<copyright-statement>© 2003 A; Open Access article: verbatim copying and redistribution of this article are "
    )
    document = read(article(meta=meta + "permitted in all media for any purpose</copyright-statement>"))
    assert document.licence == "open"
    assert "verbatim" in (document.licence_evidence or "")
    assert read(article(meta="<title-group/>")).licence == "unknown"


def test_article_set_with_a_refused_id() -> None:
    one = article(meta=OWN, body=FIG.format(n=1))
    parsed = parse_jats(
        f"<pmc-articleset>{one}<Reply Id='99' id='99' error='not open access'/>{one}</pmc-articleset>".encode()
    )
    assert [d.ids.doi for d in parsed.documents] == ["10.5555/own"] * 2
    (rejection,) = parsed.rejections
    assert (rejection.unit, rejection.locator) == ("document", "99")
    assert "not open access" in rejection.message
    assert (parsed.counts["document"].n_in, parsed.counts["figure"].valid) == (3, 2)


OAI = '<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><ListRecords>{}</ListRecords></OAI-PMH>'
HEADER = "<header{}><identifier>oai:x:1</identifier><datestamp>2003-06-10</datestamp></header>"


@pytest.mark.parametrize("stamp", ["<datestamp>yesterday</datestamp>", ""])
def test_oai_pmh_without_a_date(stamp: str) -> None:
    record = f"<record><header>{stamp}</header><metadata>{article(meta=OWN)}</metadata></record>"
    record = record.replace("<article ", '<article xmlns="" ')
    assert parse_jats(OAI.format(record).encode()).documents[0].stated_date is None


def test_oai_pmh_with_namespaced_articles() -> None:
    inner = article(meta=OWN, body=FIG.format(n=1)).replace(
        "<article ", '<article xmlns="https://jats.nlm.nih.gov/ns/archiving/1.3/" ', 1
    )
    record = f"<record>{HEADER.format('')}<metadata>{inner}</metadata></record>"
    deleted = f"<record>{HEADER.format(' status=' + chr(34) + 'deleted' + chr(34))}</record>"
    parsed = parse_jats(OAI.format(record + deleted).encode())
    (document,) = parsed.documents
    assert (document.ids.doi, document.stated_date) == ("10.5555/own", dt.date(2003, 6, 10))
    assert document.figures[0].legend == "Title 1.\nText 1"
    assert [(r.reason, r.locator) for r in parsed.rejections] == [(Reason.NO_IDENTITY, "oai:x:1")]
    assert "marked deleted, and its identifier names no article" in parsed.rejections[0].message


@pytest.mark.parametrize(
    ("identifier", "ids"),
    [
        ("oai:pubmedcentral.nih.gov:13900", DocIds(pmcid="PMC13900")),
        ("oai:europepmc.org:PMC13900", DocIds(pmcid="PMC13900")),
        ("oai:journals.org:10.5555/Gone.1", DocIds(doi="10.5555/gone.1")),
    ],
)
def test_a_deleted_oai_pmh_record_is_a_statement_about_its_article(identifier: str, ids: DocIds) -> None:
    header = HEADER.format(' status="deleted"').replace("oai:x:1", identifier)
    parsed = parse_jats(OAI.format(f"<record>{header}</record>" * 2).encode())
    (event,) = parsed.events
    assert (event.target, event.event, event.event_date) == (ids, "deletion", dt.date(2003, 6, 10))
    assert identifier in (event.detail or "")
    assert (parsed.documents, parsed.rejections) == ((), ())
    assert parsed.counts["event"].balances
    assert parsed.counts["event"].n_in == parsed.counts["event"].valid + parsed.counts["event"].duplicate == 2


def test_a_record_that_holds_no_article_and_is_not_deleted_is_refused() -> None:
    parsed = parse_jats(OAI.format(f"<record>{HEADER.format('')}</record>").encode())
    assert [(r.reason, r.message) for r in parsed.rejections] == [
        (Reason.UNKNOWN_FORMAT, "the OAI-PMH record holds no JATS article")
    ]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("<art/>", "root element <art> is not JATS: expected article, pmc-articleset or OAI-PMH"),
        ("<pmc-articleset/>", "<pmc-articleset> holds no article"),
        ('<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><error code="noRecordsMatch">none</error></OAI-PMH>',
         "<OAI-PMH> holds no article: noRecordsMatch none"),
        ('<article doi="10.5555/x"><fig><sd-panel/></fig></article>', "a SourceData curation file, not JATS"),
        ("<article/>", "neither <front> nor <body>"),
    ],
)  # fmt: skip
def test_unknown_formats(data: str, words: str) -> None:
    with pytest.raises(RejectedInput) as caught:
        parse_jats(data.encode())
    assert caught.value.reason is Reason.UNKNOWN_FORMAT
    assert words in caught.value.message


def test_five_megabytes_of_text_are_read() -> None:
    body = FIG.format(n=1).replace("Text 1", "word " * 1_000_000)
    (figure,) = figures(article(body=body))
    assert figure.legend is not None
    assert len(figure.legend) == len("Title 1.\n") + 5_000_000 - 1


def test_equal_bytes_give_equal_records() -> None:
    data = article(meta=OWN + DATE, body=FIG.format(n=1) * 3).encode()
    assert parse_jats(data) == parse_jats(data)
    assert [f.key for f in parse_jats(data).documents[0].figures] == ["fig-1", "fig-1-b", "fig-1-c"]
