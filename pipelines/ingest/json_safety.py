"""JSON and plain text from outside, read without trust: what is not text, or nests without end, is refused in words."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from pipelines.core.records import Reason
from pipelines.errors import RejectedInput
from pipelines.ingest.xml_safety import MAX_BYTES

_SURROGATE = re.compile(rb"(?i)\\ud[89a-f]")
#: Characters that no text holds; white space among the control characters is folded with the rest.
_NO_TEXT = re.compile(r"[\x00-\x08\x0e-\x1b]")


def decode(data: bytes) -> str:
    """UTF-8 text, with or without byte order mark; RejectedInput where it is none, empty, or larger than is read."""
    if not data.strip():
        raise RejectedInput(Reason.EMPTY_FILE, "the file is empty")
    if len(data) > MAX_BYTES:
        size = f"{len(data) / 2**20:.0f} MiB"
        raise RejectedInput(Reason.TOO_LARGE, f"the file has {size}, the limit is {MAX_BYTES // 2**20} MiB: split it")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RejectedInput(Reason.WRONG_ENCODING, f"no UTF-8 at byte {error.start}: save it as UTF-8") from error


def refuse_control_characters(text: str) -> None:
    """RejectedInput where a text holds characters that no text has."""
    if match := _NO_TEXT.search(text):
        raise RejectedInput(Reason.WRONG_ENCODING, f"character U+{ord(match[0]):04X} at {match.start()} is no text")


def load_json(data: bytes | str) -> object:
    """The value; RejectedInput where it is no JSON, nests too deeply, or spells half characters."""
    raw = data.encode() if isinstance(data, str) else data
    try:
        value: object = json.loads(data if isinstance(data, str) else decode(data))
        if _SURROGATE.search(raw):
            json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise RejectedInput(Reason.WRONG_ENCODING, "the JSON spells half of a character (a lone surrogate)") from error
    except RecursionError as error:
        raise RejectedInput(Reason.TOO_DEEP, "the JSON nests too deeply") from error
    except ValueError as error:
        raise RejectedInput(Reason.NOT_WELL_FORMED, f"it is no JSON: {error}") from error
    return value


def text_of(value: object) -> str:
    """A text or a number as text; "" for anything else."""
    return value if isinstance(value, str) else "" if isinstance(value, bool) else _number(value)


def _number(value: object) -> str:
    return str(value) if isinstance(value, float) or (isinstance(value, int) and abs(value) < 10**18) else ""


def iter_objects(value: object) -> Iterator[dict[str, object]]:
    """The objects of a list, whatever else it holds."""
    yield from (v for v in value if isinstance(v, dict)) if isinstance(value, list) else ()
