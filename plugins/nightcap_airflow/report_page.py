"""The night report inside Airflow's UI. Apps of plugins are mounted without any authentication: this one asks for a
login itself, and shows the page to those who may read the DAG that writes it.

Imported in the API server only, at the first request: plugins are loaded by every Airflow process, also by each task.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_HEADERS = {
    # the page is one file without scripts; nothing that a legend brought along may run or fetch anything
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}


class ReportPage:
    """An ASGI app that builds itself when it is first asked."""

    def __init__(self) -> None:
        self._app: Any = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._app is None:
            self._app = _build()
        await self._app(scope, receive, send)


def _build() -> Any:
    from airflow.api_fastapi.core_api.security import requires_access_dag
    from fastapi import Depends, FastAPI
    from fastapi.responses import HTMLResponse

    may_read = Depends(requires_access_dag(method="GET", param_dag_id="reload_predictions"))
    app = FastAPI(title="Nightcap", dependencies=[may_read], docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/")
    def newest() -> HTMLResponse:
        return HTMLResponse(*_page(None), headers=_HEADERS)

    @app.get("/{key}")
    def one(key: str) -> HTMLResponse:
        return HTMLResponse(*_page(key), headers=_HEADERS)

    @app.get("/docs/{key}/{name}")
    def docs(key: str, name: str) -> HTMLResponse:
        return HTMLResponse(*_docs(key, name), headers=_HEADERS)

    return app


def _docs(key: str, name: str) -> tuple[bytes, int]:
    """A page of a night's Data Docs and status 200, or a sentence and status 404."""
    from pipelines.flows.night_reports import read_docs
    from pipelines.settings import current

    page = read_docs(current(), key, name)
    return (b"<p>There are no Data Docs of that name.</p>", 404) if page is None else (page, 200)


def _page(key: str | None) -> tuple[bytes, int]:
    """A report and status 200, or a sentence and status 404."""
    from pipelines.flows.night_reports import list_report_keys, read_report
    from pipelines.settings import current

    settings = current()
    keys = list_report_keys(settings)
    if key is None and not keys:
        return b"<p>No night has been reported yet: run nightly_corpus, and reload_predictions follows.</p>", 200
    page = read_report(settings, key or keys[0])
    return (b"<p>There is no report of that night.</p>", 404) if page is None else (page, 200)
