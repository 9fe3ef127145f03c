"""CoNLL files: one word a line with its IOB2 tag in the last column, a blank line after each sentence.

Documents are known where the file has borders (`-DOCSTART-`, `# doc_id = …`, `# newdoc id = …`): all sentences of one
are one text. Without them each sentence is a text of its own. The words are joined by one space, or stand as a
`# text = …` before the sentence shows them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from pipelines.core.records import DocIds, ParsedFile, Reason
from pipelines.errors import RejectedInput
from pipelines.ingest.json_safety import decode
from pipelines.ingest.mentions import RawMention
from pipelines.ingest.tagged_words import WordSpans, count_entities, find_fault, find_words, join_words, mentions_of
from pipelines.ingest.texts import MarkedText, parse_texts

#: Raised by hand whenever the same bytes can give other records.
PARSER_VERSION = 1
FORMAT = "conll"
_COMMENT = re.compile(r"#\s*(doc_id|document_id|newdoc(?: id)?|sent_id|text)\s*=\s?(.*)")
_DOCSTART = re.compile(r"-DOCSTART-[\s:]*\(?([^\s()]*)\)?")


@dataclass
class _Sentence:
    """Words and tags from one blank line to the next; `fault` is the first thing that is wrong with them."""

    line_no: int
    words: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    text: str = ""
    fault: str = ""

    def add(self, line: str, line_no: int) -> None:
        columns = line.split("\t") if "\t" in line else line.split()
        if len(columns) < 2 or not columns[0]:
            self.fault = self.fault or f"line {line_no} has no word and tag: {line[:40]!r}"
            return
        self.words.append(columns[0])
        self.tags.append(columns[-1].strip())

    def lay_out(self) -> tuple[str, WordSpans]:
        """The text and the words in it; the sender's own text where it shows the words."""
        found = find_words(self.text, self.words) if self.text else None
        return (self.text, found) if found is not None else join_words(self.words)


@dataclass
class _Document:
    """Sentences up to the next border; `doc_id` None where the file has no borders, "" where one has no name."""

    doc_id: str | None
    sentences: list[_Sentence] = field(default_factory=list)


class _Reader:
    """Lines to documents."""

    def __init__(self) -> None:
        self.documents = [_Document(None)]
        self._sentence = _Sentence(0)

    def read(self, text: str) -> list[_Document]:
        for line_no, line in enumerate(text.split("\n"), start=1):
            self._read_line(line.removesuffix("\r"), line_no)
        self._end_sentence()
        return [d for d in self.documents if d.sentences]

    def _read_line(self, line: str, line_no: int) -> None:
        if not line.strip():
            self._end_sentence()
        elif match := _DOCSTART.match(line):
            self._begin_document(match[1] if match[1] not in ("O", "-X-") else "")
        elif match := _COMMENT.match(line):
            self._read_comment(match[1], match[2].strip())
        else:
            self._sentence.line_no = self._sentence.line_no or line_no
            self._sentence.add(line, line_no)

    def _read_comment(self, name: str, value: str) -> None:
        if name == "text":
            self._end_sentence()
            self._sentence.text = value
        elif name != "sent_id":
            self._begin_document(value)

    def _begin_document(self, doc_id: str) -> None:
        self._end_sentence()
        self.documents.append(_Document(doc_id))

    def _end_sentence(self) -> None:
        if self._sentence.words or self._sentence.fault:
            self.documents[-1].sentences.append(self._sentence)
        self._sentence = _Sentence(0)


def _iter_texts(documents: list[_Document]) -> Iterator[MarkedText]:
    for document in documents:
        if document.doc_id is None:
            yield from (_join(f"sentence at line {s.line_no}", DocIds(), [s]) for s in document.sentences)
        else:
            ids = DocIds(local_id=document.doc_id) if document.doc_id else DocIds()
            where = f"document {document.doc_id}" if document.doc_id else "document"
            yield _join(f"{where} at line {document.sentences[0].line_no}", ids, document.sentences)


def _join(where: str, ids: DocIds, sentences: list[_Sentence]) -> MarkedText:
    """One text from sentences with a space between; tags that are no IOB2 in one of them spoil the text."""
    parts: list[str] = []
    mentions: list[RawMention] = []
    fault, at, n_mentions = "", 0, 0
    for sentence in sentences:
        n_mentions += count_entities(sentence.tags)
        fault = fault or sentence.fault or find_fault(sentence.tags)
        text, spans = sentence.lay_out()
        parts.append(text)
        if not fault:
            mentions += mentions_of(text, spans, sentence.tags, base=at)
        at += len(text) + 1
    return MarkedText(where, " ".join(parts), () if fault else tuple(mentions), ids, fault=fault,
                      n_mentions=n_mentions)  # fmt: skip


def parse_conll(data: bytes, labels: str = "") -> ParsedFile:
    """Curated texts of one CoNLL file, one a document or, without borders, one a sentence.

    A text whose tags are no IOB2 is refused (bad_tags). Raises RejectedInput where no line has a word and a tag.
    """
    documents = _Reader().read(decode(data))
    if not any(sentence.words for document in documents for sentence in document.sentences):
        raise RejectedInput(Reason.UNKNOWN_FORMAT, "no CoNLL: no line has a word and a tag")
    return parse_texts(list(_iter_texts(documents)), FORMAT, labels)
