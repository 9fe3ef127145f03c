"""Licence classes: the strictest statement holds, what says nothing is unknown."""

from __future__ import annotations

import pytest

from pipelines.ingest.licences import Licence, class_of_code, class_of_url, classify, strictest

CC = "https://creativecommons.org/licenses/"


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("CC BY", "open"), ("cc-by-4.0", "open"), ("CC BY-SA", "open"), ("CC BY-ND", "open"), ("CC0", "open"),
        ("cc_by", "open"), ("CC BY-NC", "noncommercial"), ("cc_by_nc_nd", "noncommercial"),
        ("CC BY-NC-SA 4.0", "noncommercial"),
        ("TDM", "tdm_only"), ("none", "unknown"), ("", "unknown"), (None, "unknown"), ("publisher-specific", "unknown"),
    ],
)  # fmt: skip
def test_class_of_code(code: str | None, name: str) -> None:
    assert class_of_code(code) == name


@pytest.mark.parametrize(
    ("url", "name"),
    [
        (CC + "by/4.0/", "open"), ("http://creativecommons.org/licenses/by-nd/3.0", "open"),
        (CC + "by-nc-nd/4.0", "noncommercial"), ("https://creativecommons.org/publicdomain/zero/1.0/", "open"),
        ("https://creativecommons.org/licences/BY/4.0/", "open"), (CC + "sampling/1.0", "unknown"),
        (CC + "nc-sampling/1.0", "noncommercial"), ("https://www.elsevier.com/tdm/userlicense/1.0/", None),
    ],
)  # fmt: skip
def test_class_of_url(url: str, name: str | None) -> None:
    assert class_of_url(url) == name


@pytest.mark.parametrize(
    ("urls", "text", "name"),
    [
        ((CC + "by/4.0/",), "", "open"),
        ((), "distributed under the terms of the Creative Commons Attribution License", "open"),
        ((), "the Creative Commons Attribution-NonCommercial License", "noncommercial"),
        ((), "see https://creativecommons.org/licenses/by-nc/4.0/.", "noncommercial"),
        ((CC + "by/4.0/", "https://creativecommons.org/publicdomain/zero/1.0/"), "waiver applies to the data", "open"),
        ((CC + "by/4.0/", CC + "by-nc/4.0/"), "", "noncommercial"),
        ((CC + "by/4.0/",), "for non-commercial use only", "noncommercial"),
        ((CC + "by/4.0/",), "All rights for text and data mining are reserved", "barred"),
        ((CC + "by/4.0/",), "for commercial and non-commercial use", "open"),
        ((), "free for text and data mining", "tdm_only"),
        ((), "All rights reserved. No reuse allowed without permission.", "tdm_only"),
        ((), "which permits unrestricted use, distribution, and reproduction in any medium", "open"),
        ((), "This is an Open Access article: verbatim copying and redistribution of this article are permitted in all "
             "media for any purpose", "open"),
        ((), "open-access", "unknown"),
        ((), "Copyright 2015. All rights reserved.", "unknown"),
        ((), "", "unknown"),
    ],
)  # fmt: skip
def test_classify(urls: tuple[str, ...], text: str, name: str) -> None:
    assert classify(urls, text).name == name


def test_evidence_is_what_the_class_was_read_from() -> None:
    assert classify([CC + "by/4.0/"], "words").evidence == CC + "by/4.0/"
    assert "CC BY-NC" in (classify([], "x" * 400 + " under CC BY-NC terms").evidence or "")
    assert classify([], "  no   idea ").evidence == "no idea"
    assert classify([], "").evidence is None


def test_strictest_of_several() -> None:
    said = [Licence("unknown", "a"), Licence("open", "b"), Licence("noncommercial", "c"), Licence("noncommercial", "d")]
    assert strictest(said) == Licence("noncommercial", "c")
    assert strictest(said[:2]) == Licence("open", "b")
    assert strictest([]) == Licence("unknown")
