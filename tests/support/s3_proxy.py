"""A proxy before an S3 server that counts what is asked for, and fails when a test says so."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlencode

import httpx
from http_server import Answer, Asked, Provider, serve

_PASSED = ("etag", "last-modified")


@dataclass
class Proxy:
    """`gets`: path of an object → how often it was handed out whole; `fails_from`: number of the request (from 1) from
    which on the service is down."""

    provider: Provider
    gets: Counter[str] = field(default_factory=Counter)
    n_asked: int = 0
    fails_from: int | None = None

    @property
    def url(self) -> str:
        return self.provider.url


@contextmanager
def serve_proxy(target: str) -> Iterator[Proxy]:
    """A proxy before the server at `target`; ended with the block."""
    lock = threading.Lock()
    with httpx.Client(timeout=30) as client:

        def answer(asked: Asked) -> Answer:
            with lock:
                proxy.n_asked += 1
                if proxy.fails_from is not None and proxy.n_asked >= proxy.fails_from:
                    return Answer(503, b"<Error><Code>ServiceUnavailable</Code></Error>", "application/xml")
            query = f"?{urlencode(asked.query)}" if asked.query else ""
            found = client.get(f"{target}{asked.path}{query}")
            if found.status_code == 200 and not asked.query:
                with lock:
                    proxy.gets[asked.path] += 1
            headers = {k: v for k, v in found.headers.items() if k.lower() in _PASSED}
            return Answer(found.status_code, found.content, found.headers.get("content-type", ""), headers)

        with serve(answer) as provider:
            proxy = Proxy(provider)
            yield proxy
