"""Files as they should not arrive, made from a sound article; each with the reason that quarantine has to give."""

from __future__ import annotations

from pipelines.core.records import Reason

_NOT_JATS = b"""<?xml version="1.0" encoding="UTF-8"?>
<catalogue synthetic="true"><item>Well-formed, but no article: a list of the sample's garden tools.</item></catalogue>
"""
_NOT_XML = b"%PDF-1.7 synthetic sample: a PDF under the name of an article\n1 0 obj << /Type /Catalog >> endobj\n"


def truncate(data: bytes) -> bytes:
    """The first two thirds of a file, as a broken transfer leaves them (cut between two characters)."""
    return data[: len(data) * 2 // 3].decode(errors="ignore").encode()


def _undeclare_prefix(data: bytes) -> bytes:
    return data.replace(b' xmlns:xlink="http://www.w3.org/1999/xlink"', b"", 1)


def _wrong_encoding(data: bytes) -> bytes:
    """Says UTF-8 and is Latin-1: what it cannot hold is dropped, "©", "±" and "é" become bytes that are no UTF-8."""
    return data.decode().encode("latin-1", errors="ignore")


def broken_articles(sound: bytes) -> list[tuple[str, bytes, Reason]]:
    """(file name, bytes, reason to expect) of every broken publication."""
    return [
        ("broken-empty.xml", b"", Reason.EMPTY_FILE),
        ("broken-truncated.xml", truncate(sound), Reason.NOT_WELL_FORMED),
        ("broken-not-xml.xml", _NOT_XML, Reason.NOT_XML),
        ("broken-not-jats.xml", _NOT_JATS, Reason.UNKNOWN_FORMAT),
        ("broken-undeclared-prefix.xml", _undeclare_prefix(sound), Reason.UNDECLARED_PREFIX),
        ("broken-wrong-encoding.xml", _wrong_encoding(sound), Reason.WRONG_ENCODING),
    ]
