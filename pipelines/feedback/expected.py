"""What was expected instead, by reason: said to senders beside what is wrong. One line for every reason."""

from __future__ import annotations

from collections.abc import Mapping

from pipelines.core.records import Reason

EXPECTED: Mapping[Reason, str] = {
    Reason.EMPTY_FILE: "a file with at least one XML element, or one record of the format that the delivery states",
    Reason.NOT_XML: "an XML file (JATS, SourceData or BioC), or a delivery.toml that states its format",
    Reason.NOT_WELL_FORMED: "well-formed XML: every element closed, the file complete",
    Reason.UNDECLARED_PREFIX: "every namespace prefix declared on the element or above it",
    Reason.WRONG_ENCODING: "bytes in the encoding that the XML declaration states, UTF-8 where it states none",
    Reason.ENTITY_EXPANSION: "no entities that expand to other entities",
    Reason.EXTERNAL_ENTITY: "no entities that read other files or addresses",
    Reason.TOO_DEEP: "elements nested less deeply",
    Reason.TOO_LARGE: "a file within the size limit (pull.max_file_mib)",
    Reason.UNKNOWN_FORMAT: "a JATS or SourceData article, a BioC collection, or the format that the delivery states",
    Reason.BAD_ARCHIVE: "a complete .zip, .tar or .tar.gz that can be unpacked",
    Reason.UNREADABLE: "a file that can be read: check its rights and that it is still there",
    Reason.PARSER_ERROR: "a file that the parser can read; if it is right, report the message to the maintainers",
    Reason.UNSAFE_ARCHIVE_MEMBER: "archive members that stay in their folder: no absolute paths, no .., no links",
    Reason.BAD_DELIVERY: "a delivery.toml with known keys and values: the message names the one to mend",
    Reason.INCOMPLETE_DELIVERY: "as many figures, panels and tags as the sender's list states; no empty answers",
    Reason.NO_IDENTITY: "a DOI, PMC id, PubMed id or an id of the sender's own",
    Reason.NO_LEGEND: "a figure with a legend of at least one word",
    Reason.OFFSET_OUT_OF_RANGE: "offsets that lie within the legend, end after start",
    Reason.TEXT_MISMATCH: "the text at the offsets equal to the mention's text, character for character",
    Reason.UNKNOWN_TYPE: "one of the known types (pipelines/config/labels.toml lists them with their aliases)",
    Reason.BAD_IDENTIFIER: "an id of the form of its database, several ids separated as the format says",
    Reason.UNEQUAL_ID_LISTS: "as many ids as databases, in the same order",
    Reason.DUPLICATE_PANEL: "each panel of a figure once",
    Reason.BAD_DATE: "a date YYYY-MM-DD between 1665 and five years ahead",
    Reason.BAD_DOI: "a DOI in lower case that begins with 10.",
    Reason.OVERLONG_LEGEND: "a legend of one figure, not of a whole article",
    Reason.BAD_ROLE: "controlled, measured, boring or none, on a type that has roles",
    Reason.BAD_TAGS: "IOB2 tags, one for each word: B- begins an entity, I- goes on with one of the same type",
    Reason.PARENT_REJECTED: "its delivery, document or figure accepted: mend that one, this row then comes with it",
    Reason.SYNTHETIC_IN_REAL_HOME: "data of the kind that this home holds: sample data belong in a home of their own",
    Reason.LEGEND_CHANGED: "an annotation of the legend as the publisher shows it now",
    Reason.RULE_FAILED: "what the rule says",
    Reason.DELETES_NOTHING: "a figure that this sender delivered before at this review stage; else it waits for one",
    Reason.PURGED: "nothing: this document was removed for good and does not come in again",
}


def expected_for(reason: str) -> str:
    """The line for a reason; a reason of another release has none and is said so."""
    try:
        return EXPECTED[Reason(reason)]
    except ValueError:
        return "see the message (this release does not know the reason)"
