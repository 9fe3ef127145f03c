"""The HTTP client against a server on loopback: what is tried again, what is not, and what the message says."""

from __future__ import annotations

import datetime as dt
import gzip
import time
from collections.abc import Iterator

import pytest
from http_server import Answer, Asked, Provider, json_answer, serve

from pipelines.clients.http import HttpClient
from pipelines.errors import BodyTooLarge, NotFound, PermanentError, TransientError, UsageError


@pytest.fixture
def provider() -> Iterator[Provider]:
    with serve(lambda asked: json_answer({"path": asked.path, "query": asked.query})) as running:
        yield running


def client(provider: Provider, **options: object) -> HttpClient:
    return HttpClient(provider.url, **{"rate_per_s": 1000.0, "retries": 2, "first_wait_s": 0.01, "timeout_s": 5.0,
                                       **options})  # type: ignore[arg-type]  # fmt: skip


def test_an_answer(provider: Provider) -> None:
    reply = client(provider, contact="curator@example.org").get("search", {"query": "a b&c"}, expect="json")
    assert reply.json() == {"path": "/search", "query": {"query": "a b&c"}}
    assert (reply.status, reply.headers["content-type"]) == (200, "application/json")
    assert provider.asked[0].headers["user-agent"].endswith("(mailto:curator@example.org)")
    assert client(provider).get(f"{provider.url}/whole").json()["path"] == "/whole"


PAGE = b"<!DOCTYPE html><html><body>We are down</body></html>"
PASSING = {
    "busy": Answer(429), "broken": Answer(500), "bad gateway": Answer(502), "timeout": Answer(408),
    "a page": Answer(body=PAGE, content_type="text/html"), "a page that says it is JSON": Answer(body=PAGE),
    "broken JSON": Answer(body=b'{"hitCount": 3, '), "cut short": Answer(body=b'{"hitCount": 3}', cut=6),
    "wrongly packed": Answer(body=b"{}", headers={"Content-Encoding": "gzip"}), "late": Answer(hang_s=0.6),
}  # fmt: skip


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING.keys())
def test_what_passes_is_tried_again_and_not_for_ever(provider: Provider, fault: Answer) -> None:
    asking = client(provider, timeout_s=0.3)
    provider.faults = {1: fault, 2: fault}
    assert asking.get("a", expect="json").json()["path"] == "/a"
    assert len(provider.asked) == 3
    provider.faults = dict.fromkeys(range(4, 7), fault)
    with pytest.raises(TransientError, match=r"/a: .*tried 3 times"):
        asking.get("a", expect="json")
    assert len(provider.asked) == 6


@pytest.mark.parametrize(
    ("status", "error", "says"),
    [(404, NotFound, "nothing there"), (410, NotFound, "410"), (401, PermanentError, "SOURCES__X__PASSWORD"),
     (403, PermanentError, "SOURCES__X__PASSWORD"), (400, PermanentError, "query")],
)  # fmt: skip
def test_what_does_not_pass_is_asked_once(
    provider: Provider, status: int, error: type[PermanentError], says: str
) -> None:
    provider.faults = {1: Answer(status)}
    with pytest.raises(error, match=says):
        client(provider, auth_setting="NIGHTCAP_SOURCES__X__PASSWORD").get("a")
    assert len(provider.asked) == 1


def test_no_xml_where_xml_was_asked(provider: Provider) -> None:
    provider.faults = {1: Answer(body=b"\xef\xbb\xbf\n<article/>", content_type="application/xml")}
    assert client(provider).get("a", expect="xml").body.endswith(b"<article/>")
    with pytest.raises(TransientError, match="no XML"):
        client(provider).get("a", expect="xml")


def test_no_server(provider: Provider) -> None:
    with pytest.raises(TransientError, match="ConnectError"):
        HttpClient("http://127.0.0.1:9", rate_per_s=1000, retries=1, first_wait_s=0.01).get("a")


def test_retry_after_is_kept_and_bounded(provider: Provider) -> None:
    provider.faults = {1: Answer(429, headers={"Retry-After": "1"})}
    start = time.monotonic()
    client(provider).get("a")
    assert time.monotonic() - start >= 1.0
    later = (dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    provider.faults = {3: Answer(503, headers={"Retry-After": later})}
    with pytest.raises(TransientError, match=r"asked to come back in 3[56]"):
        client(provider).get("a")
    assert len(provider.asked) == 3


def test_the_rate(provider: Provider) -> None:
    asking = client(provider, rate_per_s=20.0)
    start = time.monotonic()
    for _ in range(5):
        asking.get("a")
    assert time.monotonic() - start >= 4 / 20


def test_a_body_that_unpacks_to_more_than_is_read(provider: Provider) -> None:
    packed = gzip.compress(b" " * 5_000_000)
    provider.faults = {1: Answer(body=packed, headers={"Content-Encoding": "gzip"})}
    with pytest.raises(BodyTooLarge, match="more than 1000000 bytes"):
        client(provider).get("a", max_body=1_000_000)
    assert len(provider.asked) == 1


def test_credentials_go_to_the_provider_alone(provider: Provider) -> None:
    with serve(lambda asked: json_answer({"auth": asked.headers.get("authorization", "")})) as other:
        address = other.url.replace("127.0.0.1", "localhost")
        provider.faults = {1: Answer(302, headers={"Location": f"{address}/b"})}
        asking = client(provider, auth=("user", "secret"))
        assert asking.get("a").json() == {"auth": ""}
        assert asking.get("c").status == 200
    assert all(a.headers["authorization"].startswith("Basic ") for a in provider.asked)


def test_what_is_no_address(provider: Provider) -> None:
    with pytest.raises(UsageError, match="http"):
        HttpClient("s3://bucket", rate_per_s=1)
    with pytest.raises(UsageError, match="above 0"):
        HttpClient(provider.url, rate_per_s=0)

    def loop(asked: Asked) -> Answer:
        return Answer(302, headers={"Location": asked.path})

    with serve(loop) as looping, pytest.raises(PermanentError, match="check the address"):
        client(looping).get("a")
