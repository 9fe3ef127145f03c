"""JSON from outside as plain values, whatever a tool on the way made of them. Pure."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence

from pipelines.core.records import Reason
from pipelines.errors import RejectedInput

JsonObject = Mapping[str, object]
#: Larger files are refused before they are parsed: as values they take ten times their bytes.
MAX_BYTES = 8 << 20


def load_object(data: bytes) -> JsonObject:
    """The one object of a JSON file. RejectedInput: too_large, empty_file, not_well_formed, too_deep,
    unknown_format."""
    if len(data) > MAX_BYTES:
        raise RejectedInput(Reason.TOO_LARGE, f"{len(data)} bytes; a JSON record has at most {MAX_BYTES}")
    if not data.strip():
        raise RejectedInput(Reason.EMPTY_FILE, "the file is empty")
    try:
        value = json.loads(data)
    except RecursionError as error:
        raise RejectedInput(Reason.TOO_DEEP, "the JSON is nested too deeply to be read") from error
    except ValueError as error:
        raise RejectedInput(Reason.NOT_WELL_FORMED, f"the JSON cannot be read: {error}"[:300]) from error
    if not isinstance(value, dict):
        raise RejectedInput(Reason.UNKNOWN_FORMAT, f"the JSON holds a {type(value).__name__}, not an object")
    return value


def single(value: object) -> object:
    """The value itself, out of the lists of one element that some tools wrap around every value."""
    while isinstance(value, list) and len(value) == 1:
        value = value[0]
    return value


def text_of(record: JsonObject, name: str) -> str:
    """A field as text on one line, "" where it is absent, null or no single value; halves of surrogate pairs, which no
    file can store, are replaced."""
    value = single(record.get(name))
    if value is None or isinstance(value, (dict, list, bool)):
        return ""
    return " ".join(str(value).encode("utf-8", "replace").decode().split())


def objects_of(value: object, *path: str) -> list[JsonObject]:
    """All objects at the end of a path, where a list of one may be its element and an element a list of one."""
    for name in path:
        value = single(value)
        value = value.get(name) if isinstance(value, Mapping) else None
    found = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
    return [v for item in found if isinstance(v := single(item), Mapping)]


def texts_of(value: object, *path: str) -> list[str]:
    """As objects_of, for texts."""
    for name in path:
        value = single(value)
        value = value.get(name) if isinstance(value, Mapping) else None
    found = value if isinstance(value, list) else [value]
    return [text for item in found if (text := text_of({"": item}, ""))]


def date_of(text: str) -> dt.date | None:
    """The date that a text starts with (YYYY-MM-DD), None where it does not."""
    try:
        return dt.date.fromisoformat(text[:10])
    except ValueError:
        return None
