"""One HTTP client for every provider: a limit on the rate, bounded retries, and a look at what came.

Tried again: no connection, timeouts, answers cut short or wrongly packed, 408, 425, 429, 5xx, and a web page or a
broken body with status 200 where data were asked for (providers answer so when they are down). Nothing else is.
"""

from __future__ import annotations

import datetime as dt
import email.utils
import json
import threading
import time
from collections.abc import Mapping
from typing import NoReturn

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter

from pipelines import __version__
from pipelines.core.http import Reply
from pipelines.errors import BodyTooLarge, NotFound, PermanentError, TransientError, UsageError

_RETRIED = {408, 425, 429}
_MAX_WAIT_S = 60.0
_MAX_RETRY_AFTER_S = 300.0
#: The largest body that is read, bytes.
MAX_BODY = 512 << 20


class _TryAgain(TransientError):
    """One try failed; `wait_s` is what the provider asks for."""

    def __init__(self, message: str, wait_s: float = 0.0) -> None:
        super().__init__(message)
        self.wait_s = wait_s


class HttpClient:
    """GET below one address. `rate_per_s`: requests a second at most; `retries`: further tries after the first;
    `auth_setting`: the setting that holds the credential, named where it is refused; `first_wait_s`: wait before the
    first further try, doubled each time up to a minute."""

    def __init__(
        self, base_url: str, *, rate_per_s: float, timeout_s: float = 30.0, retries: int = 5,
        auth: tuple[str, str] | None = None, auth_setting: str = "", contact: str = "", first_wait_s: float = 1.0,
    ) -> None:  # fmt: skip
        if not base_url.startswith(("http://", "https://")):
            raise UsageError(f"{base_url!r} is no http:// or https:// address")
        if rate_per_s <= 0:
            raise UsageError(f"{base_url}: the rate must be above 0 requests a second, not {rate_per_s}")
        self._base = base_url.rstrip("/")
        self._gap_s, self._next_at, self._lock = 1.0 / rate_per_s, 0.0, threading.Lock()
        self._auth_setting = auth_setting
        agent = f"nightcap/{__version__}" + (f" (mailto:{contact})" if contact else "")
        self._client = httpx.Client(
            timeout=timeout_s, auth=auth, follow_redirects=True, headers={"User-Agent": agent},
        )  # fmt: skip
        self._backoff = wait_exponential_jitter(initial=first_wait_s, max=_MAX_WAIT_S, jitter=first_wait_s / 4)
        self._retries = retries

    def get(
        self, path: str, params: Mapping[str, str] | None = None, *, expect: str = "", max_body: int = MAX_BODY
    ) -> Reply:
        """The answer to one GET; `path` below the base address, or a whole address.

        `expect`: "json", "xml" or "" (anything but a web page): a body that is something else is tried again.
        Errors: NotFound (404, 410), BodyTooLarge, PermanentError (credentials, other 4xx), TransientError (the rest).
        """
        url = path if path.startswith(("http://", "https://")) else f"{self._base}/{path.lstrip('/')}"
        tries = Retrying(
            stop=stop_after_attempt(self._retries + 1), wait=self._wait_s, reraise=True,
            retry=retry_if_exception_type(_TryAgain),
        )  # fmt: skip
        try:
            return tries(self._try, url, dict(params or {}), expect, max_body)
        except _TryAgain as error:
            message = f"{error}; tried {self._retries + 1} times, the next night or run tries again"
            raise TransientError(message) from error

    def _wait_s(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = error.wait_s if isinstance(error, _TryAgain) else 0.0
        return max(asked, float(self._backoff(state)))

    def _keep_rate(self) -> None:
        with self._lock:
            at = max(time.monotonic(), self._next_at)
            self._next_at = at + self._gap_s
        time.sleep(max(0.0, at - time.monotonic()))

    def _try(self, url: str, params: Mapping[str, str], expect: str, max_body: int) -> Reply:
        self._keep_rate()
        try:
            with self._client.stream("GET", url, params=params or None) as response:
                if response.status_code >= 300:
                    self._fail(url, response)
                body = _read(url, response, max_body)
        except (httpx.UnsupportedProtocol, httpx.InvalidURL, httpx.TooManyRedirects) as error:
            raise PermanentError(f"{url}: {error}; check the address in the configuration") from error
        except httpx.HTTPError as error:
            raise _TryAgain(f"{url}: {type(error).__name__} {error}".rstrip()) from error
        headers = {k.lower(): v for k, v in response.headers.items()}
        reply = Reply(response.status_code, headers, body, str(response.url))
        _check_content(url, reply, expect)
        return reply

    def _fail(self, url: str, response: httpx.Response) -> NoReturn:
        status = response.status_code
        if status in _RETRIED or status >= 500:
            wait_s = _retry_after(response.headers.get("retry-after", ""))
            if wait_s > _MAX_RETRY_AFTER_S:
                raise TransientError(f"{url}: status {status}, asked to come back in {wait_s:.0f} s; run again then")
            raise _TryAgain(f"{url}: status {status}", wait_s)
        if status in (404, 410):
            raise NotFound(f"{url}: nothing there (status {status})")
        if status in (401, 403):
            what = f"check {self._auth_setting}" if self._auth_setting else "the address may have moved or need a login"
            raise PermanentError(f"{url}: access refused (status {status}); {what}")
        raise PermanentError(f"{url}: status {status}; check the address and the query in the configuration")


def _read(url: str, response: httpx.Response, max_body: int) -> bytes:
    """The body, unpacked; the limit holds while it is read, so that a packed answer cannot fill the memory."""
    parts, size = [], 0
    for part in response.iter_bytes(1 << 20):
        size += len(part)
        if size > max_body:
            raise BodyTooLarge(f"{url}: more than {max_body} bytes")
        parts.append(part)
    return b"".join(parts)


def _check_content(url: str, reply: Reply, expect: str) -> None:
    start = reply.body[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html")) or "text/html" in reply.headers.get("content-type", ""):
        raise _TryAgain(f"{url}: a web page came with status {reply.status}, not data")
    if expect == "xml" and not start.startswith(b"<"):
        raise _TryAgain(f"{url}: no XML came with status {reply.status}")
    if expect == "json":
        try:
            json.loads(reply.body)
        except (ValueError, RecursionError) as error:
            raise _TryAgain(f"{url}: broken JSON came with status {reply.status} ({error})") from error


def _retry_after(value: str) -> float:
    """Seconds that a Retry-After header asks for, given as seconds or a date; 0 where it says nothing readable."""
    if value.strip().isascii() and value.strip().isdigit():
        return float(value)
    try:
        at = email.utils.parsedate_to_datetime(value)
    except (TypeError, ValueError):
        return 0.0
    at = at if at.tzinfo else at.replace(tzinfo=dt.UTC)
    return max(0.0, (at - dt.datetime.now(dt.UTC)).total_seconds())
