"""XML from outside, read without trust: no network, no DTD, no entity bombs, and one clear sentence per refusal.

Every parser of this stage gets its tree from `parse_xml`, so a hostile or broken file is refused in one place, with
a `Reason` and words that a person on call understands.
"""

from __future__ import annotations

import html.entities
import io
import re
from collections.abc import Callable, Iterator, Sequence

from lxml import etree

from pipelines.core.records import Reason
from pipelines.errors import RejectedInput

#: Largest file that is parsed at all, in bytes. The largest real article seen is 0.6 MB, a large article set 40 MB.
MAX_BYTES = 64 * 1024 * 1024
#: Largest set of records that is read one by one; a daily update of PubMed unpacks to some 300 MB.
MAX_SET_BYTES = 1024 * 1024 * 1024
#: Deepest nesting of elements; real JATS stays below 40. Equals libxml2's own limit, so that it stops the parse.
MAX_DEPTH = 256

_HEAD = 64 * 1024
_DECLARED_ENCODING = re.compile(rb"""^\s*<\?xml[^>]*?\bencoding\s*=\s*["']([\w.:-]+)["']""")
_BEFORE_ROOT = re.compile(r"\s+|<\?.*?\?>|<!--.*?-->|<!DOCTYPE(?:[^\[>\"']|\"[^\"]*\"|'[^']*')*(?:\[.*?\]\s*)?>", re.S)
_START_TAG = re.compile(r"<(?:[^\s<>/:!?]+:)?([^\s<>/:!?]+)")
_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_SIGNATURES = (
    (b"%PDF", "a PDF"), (b"PK\x03\x04", "a zip archive"), (b"\x1f\x8b", "a gzip archive"),
    (b"\x89PNG", "a PNG image"), (b"\xff\xd8\xff", "a JPEG image"), (b"{", "JSON"), (b"[", "JSON"),
)  # fmt: skip
_SINGLE_BYTE = re.compile(r"(?i)^(iso-?8859|latin|windows-|cp12|mac)")

_NAMESPACE = 201
_RESOURCE_LIMIT, _ENTITY_LOOP = 114, 89
#: Without and with a DTD that is not fetched (libxml2 calls the second a warning, lxml refuses it all the same).
_UNDECLARED_ENTITY = (26, 27)
_WARNING = 1
_ENCODING_CODES = {32, 81}
_UNFINISHED_CODES = {40, 45, 61, 63, 73, 77, 118}


def parse_xml(data: bytes) -> etree._Element:
    """Root element of an XML file; internal harmless entities are expanded, nothing is fetched.

    Raises RejectedInput: empty_file, too_large, not_xml, wrong_encoding, not_well_formed, undeclared_prefix,
    entity_expansion, external_entity or too_deep. The locator is `line:column` where the parser knows it.
    """
    _refuse_unreadable(data)
    body = data.lstrip() if data[:1].isspace() else data
    try:
        root = _parse(body, huge=False)
    except _SyntaxProblem as problem:
        if not _needs_huge(problem, body):
            raise _rejection(problem, body) from None
        root = _parse_huge(body)
    _refuse_mojibake(body)
    return root


def iter_elements(data: bytes, tags: Sequence[str]) -> Iterator[etree._Element]:
    """The elements of these names, one after the other, each emptied when the next is asked for: for sets of records of
    any size, as the memory is that of the bytes and one record. Raises RejectedInput as `parse_xml` does."""
    _refuse_unreadable(data, MAX_SET_BYTES)
    body = data.lstrip() if data[:1].isspace() else data
    context = etree.iterparse(
        io.BytesIO(body),
        events=("end",),
        tag=tags,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
    )
    try:
        for _, element in context:
            yield element
            element.clear()
            while element.getprevious() is not None:
                del element.getparent()[0]  # type: ignore[union-attr]  # it has a previous, so a parent
    except etree.XMLSyntaxError as error:
        raise _rejection(_worst_problem(error, context.error_log), body) from None


def root_name(data: bytes) -> str | None:
    """Local name of the first start tag, read from the first 64 kB without a parse; None where there is none.

    Tolerant on purpose: it only chooses the parser, which then says what is wrong with the file.
    """
    text = _decode_head(data[:_HEAD])
    position = 0
    while match := _BEFORE_ROOT.match(text, position):
        position = match.end()
    tag = _START_TAG.match(text, position)
    return tag.group(1) if tag else None


class _SyntaxProblem(Exception):
    """What libxml2 found first: its code, message and place."""

    def __init__(self, code: int, message: str, line: int, column: int) -> None:
        super().__init__(message)
        self.code, self.message, self.line, self.column = code, message, line, column


def _parse(data: bytes, *, huge: bool) -> etree._Element:
    parser = etree.XMLParser(
        resolve_entities=False if huge else "internal",  # type: ignore[arg-type]  # the stubs know bool only
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=huge,
    )
    try:
        return etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise _worst_problem(error, parser.error_log) from None


def _worst_problem(error: etree.XMLSyntaxError, entries: etree._ListErrorLog) -> _SyntaxProblem:
    """A file that is not well-formed says so, even where an undeclared prefix was met first."""
    log = [e for e in entries if e.level != _WARNING or e.type in _UNDECLARED_ENTITY]
    found = [(e.type, e.message, e.line, e.column) for e in log]
    broken = [e for e in found if e[0] != _NAMESPACE]
    line, column = error.position
    code, message, line, column = (broken or found or [(0, error.msg, line, column)])[0]
    return _SyntaxProblem(code, str(message).strip(), line, column)


def _needs_huge(problem: _SyntaxProblem, data: bytes) -> bool:
    """True where only libxml2's 10 MB limit on one text stopped the parse and no entity could be the cause."""
    too_long = problem.code == _RESOURCE_LIMIT and re.search(r"(?i)too long|buffer size|huge", problem.message)
    return bool(too_long) and "Excessive depth" not in problem.message and b"<!ENTITY" not in data.replace(b"\0", b"")


def _parse_huge(data: bytes) -> etree._Element:
    try:
        root = _parse(data, huge=True)
    except _SyntaxProblem as problem:
        raise _rejection(problem, data) from None
    depth = 0
    for event, _ in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        if depth > MAX_DEPTH:
            raise RejectedInput(Reason.TOO_DEEP, _too_deep())
    return root


def _refuse_unreadable(data: bytes, limit: int | None = None) -> None:
    limit = MAX_BYTES if limit is None else limit
    if not data.strip():
        what = "the file is empty" if not data else "the file holds only white space"
        raise RejectedInput(Reason.EMPTY_FILE, f"{what}: fetch it again from the source")
    if len(data) > limit:
        size = f"{len(data) / 2**20:.0f} MiB"
        raise RejectedInput(Reason.TOO_LARGE, f"the file has {size}, the limit is {limit // 2**20} MiB")
    if not data.strip(b"\0"):
        raise RejectedInput(Reason.NOT_XML, "the file holds only NUL bytes: a write at the source was cut off")
    for signature, what in _SIGNATURES:
        if data.lstrip().startswith(signature):
            raise RejectedInput(Reason.NOT_XML, f"the file is {what}, not XML")
    head = _decode_head(data[:256]).lstrip()
    if not head.startswith("<"):
        raise RejectedInput(Reason.NOT_XML, f"the file is not XML: it begins with {head[:30]!r}")


def _decode_head(head: bytes) -> str:
    for bom, encoding in _BOMS:
        if head.startswith(bom):
            return head[len(bom) :].decode(encoding, "replace")
    if head[:2] == b"<\0":
        return head.decode("utf-16-le", "replace")
    if head[:2] == b"\0<":
        return head.decode("utf-16-be", "replace")
    return head.decode("utf-8", "replace")


def _declared_encoding(data: bytes) -> str | None:
    match = _DECLARED_ENCODING.match(data[:512])
    return match.group(1).decode("ascii") if match else None


def _refuse_mojibake(data: bytes) -> None:
    """A file that says Latin-1 but holds UTF-8 parses without an error, into wrong letters: refuse it."""
    declared = _declared_encoding(data)
    if declared is None or not _SINGLE_BYTE.match(declared) or data.isascii():
        return
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return
    raise RejectedInput(Reason.WRONG_ENCODING, f"the file declares {declared}, but its bytes are UTF-8")


def _is_encoding_problem(problem: _SyntaxProblem, data: bytes) -> bool:
    if problem.code in _ENCODING_CODES:
        return True
    declared = (_declared_encoding(data) or "").lower()
    return declared.startswith(("utf-16", "utf16", "ucs", "utf-32")) and b"\0" not in data[:200]


def _rejection(problem: _SyntaxProblem, data: bytes) -> RejectedInput:
    fitting = ((reason, describe) for applies, reason, describe in _EXPLANATIONS if applies(problem, data))
    reason, describe = next(fitting, (Reason.NOT_WELL_FORMED, _describe_syntax))
    return RejectedInput(reason, describe(problem, data), f"{problem.line}:{problem.column}")


def _is_html(_: _SyntaxProblem, data: bytes) -> bool:
    head = _decode_head(data[:1024])
    return (root_name(data) or "").lower() == "html" or re.match(r"(?i)\s*<!doctype\s+html", head) is not None


def _is_bomb(problem: _SyntaxProblem, _: bytes) -> bool:
    return problem.code == _ENTITY_LOOP or "amplification" in problem.message


def _is_external_entity(problem: _SyntaxProblem, data: bytes) -> bool:
    if problem.code not in _UNDECLARED_ENTITY:
        return False
    name = re.escape(_entity_name(problem)).encode()
    declaration = rb"<!ENTITY\s+(?:%\s+)?" + name + rb"\s+(?:SYSTEM|PUBLIC)\b"
    return re.search(declaration, data.replace(b"\0", b"")) is not None


def _is_truncated(problem: _SyntaxProblem, data: bytes) -> bool:
    if problem.code in _UNFINISHED_CODES and problem.line >= data.rstrip().count(b"\n") + 1:
        return True
    return root_name(data) is None and problem.code == 4


def _entity_name(problem: _SyntaxProblem) -> str:
    match = re.search(r"Entity '([^']+)'", problem.message)
    return match.group(1) if match else ""


def _too_deep() -> str:
    return f"elements are nested deeper than {MAX_DEPTH}: this is no article"


def _describe_encoding(problem: _SyntaxProblem, data: bytes) -> str:
    declared = _declared_encoding(data)
    if problem.code == 32:
        return f"the declared encoding {declared} is unknown"
    says = f"declares {declared}" if declared else "declares no encoding, so UTF-8 holds"
    return f"the file {says}, but its bytes are not that (line {problem.line})"


def _describe_entity(problem: _SyntaxProblem, _: bytes) -> str:
    return f"the entity &{_entity_name(problem)}; points outside the file (line {problem.line}): it is not fetched"


def _describe_truncated(problem: _SyntaxProblem, data: bytes) -> str:
    name = root_name(data)
    inside = f" before its root element <{name}> is closed" if name else " before its root element begins"
    return f"the file ends in line {problem.line}{inside}: it is cut short, fetch it again"


def _describe_prefix(problem: _SyntaxProblem, _: bytes) -> str:
    match = re.search(r"Namespace prefix (\S+)(?: for (\S+))? on (\S+) is not defined", problem.message)
    if not match:  # pragma: no cover - other words of another libxml2
        return f"line {problem.line}: {problem.message}"
    prefix, attribute, element = match.groups()
    what = f"attribute {prefix}:{attribute} of <{element}>" if attribute else f"element <{prefix}:{element}>"
    return f"line {problem.line}: the prefix {prefix} is not declared ({what})"


def _describe_syntax(problem: _SyntaxProblem, data: bytes) -> str:
    where = f"line {problem.line}, column {problem.column}"
    if problem.code in _UNDECLARED_ENTITY:
        name = _entity_name(problem)
        known = " (an HTML name)" if f"{name};" in html.entities.html5 else ""
        return f"not well-formed, {where}: the entity &{name};{known} is not declared in the file"
    if problem.code == 23 or "xmlParseEntityRef: no name" in problem.message:
        return f"not well-formed, {where}: a bare & (it must be written &amp;)"
    if "Char" in problem.message:
        kind = "a NUL byte" if "0x0" in problem.message or b"\0" in data else "a control character"
        return f"not well-formed, {where}: {kind}, which XML forbids"
    return f"not well-formed, {where}: {problem.message}"


_Test = Callable[[_SyntaxProblem, bytes], bool]
_Words = Callable[[_SyntaxProblem, bytes], str]
#: The first explanation that applies is the one given.
_EXPLANATIONS: tuple[tuple[_Test, Reason, _Words], ...] = (
    (_is_html, Reason.NOT_XML, lambda p, d: "the file is an HTML page (an error page of the source?), not an article"),
    (_is_bomb, Reason.ENTITY_EXPANSION, lambda p, d: "its entities expand without bound (an entity bomb)"),
    (lambda p, d: "Excessive depth" in p.message, Reason.TOO_DEEP, lambda p, d: _too_deep()),
    (lambda p, d: p.code == _RESOURCE_LIMIT, Reason.TOO_LARGE, lambda p, d: f"too large to parse: {p.message}"),
    (_is_external_entity, Reason.EXTERNAL_ENTITY, _describe_entity),
    (_is_encoding_problem, Reason.WRONG_ENCODING, _describe_encoding),
    (lambda p, d: p.code == _NAMESPACE, Reason.UNDECLARED_PREFIX, _describe_prefix),
    (_is_truncated, Reason.NOT_WELL_FORMED, _describe_truncated),
)
