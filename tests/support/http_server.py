"""A small web server on loopback that answers as a test says: what a provider looks like on the wire."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Asked:
    """One request: path without query, query (first value of each name), headers with lower-case names."""

    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Answer:
    """One answer. `cut`: the connection ends after so many bytes of the body; `hang_s`: seconds before it comes."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: int | None = None
    hang_s: float = 0.0


def json_answer(value: object) -> Answer:
    return Answer(body=json.dumps(value).encode())


@dataclass
class Provider:
    """A running server. `answer` makes the normal answers; `faults` maps the number of a request (from 1) to what comes
    instead; `asked` lists what came in."""

    url: str
    answer: Callable[[Asked], Answer]
    faults: dict[int, Answer] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    ending: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def respond(self, asked: Asked) -> Answer:
        with self._lock:
            self.asked.append(asked)
            fault = self.faults.get(len(self.asked))
        return fault if fault is not None else self.answer(asked)


@contextmanager
def serve(answer: Callable[[Asked], Answer]) -> Iterator[Provider]:
    """A provider that answers with `answer(asked)`; ended with the block."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    provider = Provider(f"http://127.0.0.1:{server.server_address[1]}", answer)
    server.provider = provider  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        provider.ending.set()
        server.shutdown()
        server.server_close()
        thread.join(timeout=10)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        provider: Provider = self.server.provider  # type: ignore[attr-defined]
        parts = urlsplit(self.path)
        query = {k: v[0] for k, v in parse_qs(parts.query, keep_blank_values=True).items()}
        answer = provider.respond(Asked(parts.path, query, {k.lower(): v for k, v in self.headers.items()}))
        if answer.hang_s:
            provider.ending.wait(answer.hang_s)
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body if answer.cut is None else answer.body[: answer.cut])
        self.wfile.flush()
        if answer.cut is not None:
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        pass
