"""What a connector sees of the web: a `Reply`, and something that fetches one. The client is in `clients.http`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from pipelines.errors import TransientError


@dataclass(frozen=True)
class Reply:
    """One answer with a status below 300. `url` is the last address, after redirects; header names are lower-case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str

    @property
    def text(self) -> str:
        """The body as UTF-8; bytes that are none are replaced."""
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """The body as JSON; TransientError where it is none (ask with `expect="json"` and this cannot happen)."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise TransientError(f"{self.url.partition('?')[0]} answered with broken JSON ({error})") from error


class Fetches(Protocol):
    """`clients.http.HttpClient`, as a connector needs it."""

    def get(
        self, path: str, params: Mapping[str, str] | None = None, *, expect: str = "", max_body: int = 512 << 20
    ) -> Reply: ...
