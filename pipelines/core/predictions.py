"""Where predictions lie, for the stages that read them: predict writes a part, then the list of legends it covers."""

from __future__ import annotations

import re
from collections.abc import Iterable

_PART = re.compile(r"^(.*/)part-(\d+)\.parquet$")


def complete_parts(keys: Iterable[str]) -> list[str]:
    """Of the keys below one fingerprint the parts that count, in order: those whose `seen-<n>.parquet` is there too.

    A part without it is what a killed run left; it is written anew.
    """
    known = set(keys)
    found = [(int(m[2]), key) for key in known if (m := _PART.match(key)) and f"{m[1]}seen-{m[2]}.parquet" in known]
    return [key for _, key in sorted(found)]
