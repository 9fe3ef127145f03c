"""Legend text as a reader sees it: citations out, blocks on lines, formulas readable."""

from __future__ import annotations

import pytest
from lxml import etree

from pipelines.ingest.jats_math import tex_text
from pipelines.ingest.jats_text import block_text, inline_text

XLINK = 'xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:m="http://www.w3.org/1998/Math/MathML"'


def caption(inner: str) -> str | None:
    return block_text(etree.fromstring(f"<caption {XLINK}>{inner}</caption>"))


def cite(text: str) -> str:
    return f'<xref ref-type="bibr" rid="r">{text}</xref>'


CITATIONS = [
    (f"trees using PhyML ({cite('25')}). The", "trees using PhyML. The"),
    (f"dephosphorylation [{cite('6')}, {cite('18')}] (CAB39)", "dephosphorylation (CAB39)"),
    (f"range [{cite('27')}, {cite('29')}–{cite('31')}] and", "range and"),
    (f"sites ({cite('A, 2011')}; {cite('B, 2013')}), but", "sites, but"),
    (f"sites ({cite('A, 2011')} and {cite('B, 2013')}) but", "sites but"),
    (f"knockout studies<sup>{cite('34')}</sup>.", "knockout studies."),
    (f"knockout <sup> {cite('3')}, {cite('4')} </sup> mice", "knockout mice"),
    (f"Ca<sup>2+,{cite('34')}</sup> and Zn<sub>2</sub>", "Ca2+ and Zn2"),
    (f"human {cite('[40]')}, mouse", "human, mouse"),
    (f"(PDB code: 3tgn; {cite('Guerra, 2011')})", "(PDB code: 3tgn)"),
    (f"({cite('Guerra, 2011')}; see below)", "(see below)"),
    (f"(reviewed in Adams et al., {cite('1998')}); (B)", "(reviewed in Adams et al.); (B)"),
    (f"adapted from {cite('Yu et al. 2010a')}.", "adapted from."),
    (f"images ({cite('5')})) are", "images) are"),
    (f"by {cite('A')} (G, H) and {cite('B')} (I, J).", "by (G, H) and (I, J)."),
    (f"{cite('1')} A start", "A start"),
    (f"control, {cite('1')} treated", "control, treated"),
    (f"pre{cite('9')}post", "prepost"),
    (f'{cite("1")} see <xref ref-type="fig" rid="f2">Figure <bold>2B</bold></xref>', "see Figure 2B"),
    ("as in (A, B) and [C]", "as in (A, B) and [C]"),
    ('see <xref ref-type="fig" rid="f2">Figure 2B</xref> (–)', "see Figure 2B (–)"),
]


@pytest.mark.parametrize(("inner", "text"), CITATIONS)
def test_leaves_citations_out(inner: str, text: str) -> None:
    assert caption(f"<p>{inner}</p>") == text


@pytest.mark.parametrize(
    "inner",
    [
        "One\n two <bold>(A)</bold> three<sup>2</sup><sub>i</sub> <italic>e\u0301</italic>\u00a0end ",
        'see <xref ref-type="fig" rid="f">Figure 2</xref> and <ext-link>http://x.org</ext-link>.',
        "10<sup> 3</sup> <sup>a</sup> ",
    ],
)
def test_the_fast_way_gives_the_same_text(inner: str) -> None:
    """A comment forces the way over the tree."""
    assert caption(f"<p>{inner}</p>") == caption(f"<p>{inner}<!-- c --></p>")


BLOCKS = [
    ("<title>A  title.</title><p>One\n  two\u2009three\u00a0four</p><p/><p>Five</p>",
     "A title.\nOne two three four\nFive"),
    ("<p>A<break/>B<!-- no --><?pi no?>C</p>", "A BC"),
    ("<p>e\u0301 and \u2013 stay</p>", "é and – stay"),
    ("<p>Text<supplementary-material><label>Data 1</label><caption><p>No</p></caption></supplementary-material>.</p>",
     "Text."),
    ("<p>Outer<fig><caption><p>Inner</p></caption></fig> end</p>", "Outer end"),
    ("<p>A <inline-graphic xlink:href='x'><alt-text>no</alt-text></inline-graphic>B</p>", "A B"),
    ("<p>Intro<list list-type='simple'><list-item><label>A, B</label><p>First</p><p>more</p></list-item>"
     "<list-item><label>C</label><p>Second</p></list-item></list>after</p>",
     "Intro\nA, B First\nmore\nC Second\nafter"),
    ("<list list-type='alpha-upper'><list-item><p>x</p></list-item><list-item><p>y</p></list-item></list>",
     "A. x\nB. y"),
    ("<list list-type='roman-lower'>" + "<list-item><p>x</p></list-item>" * 4 + "</list>",
     "i. x\nii. x\niii. x\niv. x"),
    ("<list list-type='order'><title>T</title><list-item><p>x</p></list-item></list>", "T\n1. x"),
    ("<list list-type='bullet'><list-item><p>x</p></list-item></list>", "x"),
    ("<def-list><def-item><term>WT</term><def><p>wild type</p></def></def-item></def-list>", "WT wild type"),
    ("Bare text <bold>bold</bold>", "Bare text bold"),
]  # fmt: skip


@pytest.mark.parametrize(("inner", "text"), BLOCKS)
def test_one_line_break_between_blocks(inner: str, text: str) -> None:
    root = etree.fromstring(f"<caption {XLINK}>{inner}</caption>")
    assert block_text([root]) == text


FORMULAS = [
    ("<m:math><m:mi>n</m:mi><m:mo>=</m:mo><m:mfrac><m:mn>1</m:mn><m:mn>2</m:mn></m:mfrac></m:math>", "n=1/2"),
    ("<m:math><m:mfrac><m:mrow><m:mi>a</m:mi><m:mo>+</m:mo><m:mi>b</m:mi></m:mrow><m:mn>2</m:mn></m:mfrac></m:math>",
     "(a+b)/2"),
    ("<m:math><!-- a root --><m:msqrt><m:mi>x</m:mi></m:msqrt><m:mo>\u2061</m:mo><m:mfenced>"
     "<m:mi>a</m:mi><m:mi>b</m:mi></m:mfenced>"
     "</m:math>",
     "√x(a,b)"),
    ("<m:math><m:msup><m:mi>m</m:mi><m:mn>2</m:mn></m:msup><m:mspace/><m:mtext>or so</m:mtext></m:math>", "m2 or so"),
    ("<m:math><m:semantics><m:mi>p</m:mi><m:annotation>\\p</m:annotation></m:semantics></m:math>", "p"),
    ("<alternatives><graphic xlink:href='g'/><tex-math>\\documentclass{m}\\begin{document}$$ \\alpha \\times "
     "\\frac{a}{b} \\leq \\sqrt{\\mathrm{max}_1} $$\\end{document}</tex-math></alternatives>", "α × a/b ≤ √(max1)"),
    ("<alternatives><tex-math>\\x</tex-math><m:math><m:mi>y</m:mi></m:math></alternatives>", "y"),
    ("<m:math><m:mi>y</m:mi></m:math><tex-math>\\x</tex-math>", "y"),
    ("<alternatives><graphic xlink:href='g'/><textual-form>t</textual-form></alternatives>", "t"),
    ("<alternatives><graphic xlink:href='g'/><italic>i</italic></alternatives>", "i"),
]  # fmt: skip


@pytest.mark.parametrize(("inner", "text"), FORMULAS)
def test_formulas_are_readable(inner: str, text: str) -> None:
    assert caption(f"<p>(<inline-formula>{inner}</inline-formula>)</p>") == f"({text})"


def test_tex_without_a_document() -> None:
    assert tex_text(r"\usepackage{amsmath} $5\,\upmu\mathrm{m} \pm \Delta \foo$") == "5 μm ± Δ foo"


def test_inline_text_is_one_line() -> None:
    root = etree.fromstring("<label>Figure 1 <bold>A</bold><p>x</p></label>")
    assert inline_text(root) == "Figure 1 A x"
    assert inline_text(None) is None
    assert block_text([]) is None
    assert caption("<p> </p>") is None


@pytest.mark.parametrize("element", ["sup", "p", "bold", "list-item"])
def test_deep_nesting_is_read(element: str) -> None:
    """As deep as the parser admits, each level one element: no recursion limit is met."""
    deep = f"<{element}>" * 240 + "x" + f"</{element}>" * 240
    assert caption(f"<p>{deep}</p>") == "x"


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "text", ["(" * 200_000, "[, " * 100_000, f"({cite('1')}, " * 20_000, f"({cite('1')}" * 200 + ")" * 200]
)
def test_no_text_makes_the_citation_rules_slow(text: str) -> None:
    assert caption(f"<p>{text}{cite('1')} end</p>").endswith("end")  # type: ignore[union-attr]
