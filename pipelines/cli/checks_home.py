"""Checks of `nightcap doctor` of a home: its parts, state database, corpus remotes, MLflow, sources, freshness.

They change nothing: a store is probed with one small object that is deleted again, and nothing is made that is not
there yet.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import socket
import uuid
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from urllib.parse import urlsplit

from pipelines.cli.checks import Check, existing
from pipelines.clients.corpus_repo import BRANCH, CorpusRepo
from pipelines.clients.objectstore import LocalStore, ObjectStore, open_store
from pipelines.errors import PipelineError, TransientError, UsageError
from pipelines.settings import Settings, today

_PARTS = ("landing", "staging", "quarantine", "predictions", "reports")
_NOT_YET = "not made yet: the first night does"
_CONNECT_S = 5.0
_LISTED = 1000
_STALE_DAYS = 2


def public(address: str) -> str:
    """An address without the name and password in it."""
    return re.sub(r"//[^@/]+@", "//", address)


def from_error(name: str, error: PipelineError, advice: str) -> Check:
    """A failed line; whether it may heal by itself is the error's class."""
    return Check(name, "fail", public(str(error)), advice, isinstance(error, TransientError))


def check_home(settings: Settings) -> Iterator[Check]:
    """The folder itself, and whether its kind of data is the configuration's."""
    path = settings.path("home.json")
    if not path.is_file():
        parent = existing(settings.root)
        is_writable = os.access(parent, os.W_OK)
        advice = "run `nightcap night`, or name another home with --home or NIGHTCAP_HOME"
        yield Check("home", "warn" if is_writable else "fail", f"{settings.root} is no home yet", advice)
        return
    stated = json.loads(path.read_text())
    if stated["data_kind"] != settings.home.data_kind:
        message = f"made for {stated['data_kind']} data, the configuration is for {settings.home.data_kind} data"
        yield Check("home", "fail", message, f"use --config {stated['config']}, or another --home")
        return
    yield Check("home", "ok", f"{settings.root}, {stated['data_kind']} data, configuration {settings.config_name}")


def check_parts(settings: Settings) -> Iterator[Check]:
    """Each part of the home takes, gives back and forgets an object."""
    down: set[str] = set()
    for part in _PARTS:
        location = settings.part(part)
        if location.startswith("s3://") and settings.s3.endpoint_url in down:
            yield Check(part, "fail", f"{location}: not tried, S3 did not answer", "see the line above", True)
            continue
        if not location.startswith("s3://") and not Path(location).exists():
            yield Check(part, "ok", f"{location}: {_NOT_YET}")
            continue
        check = _probe(settings, part, location)
        if check.is_transient:
            down.add(settings.s3.endpoint_url)
        yield check


def _probe(settings: Settings, part: str, location: str) -> Check:
    key, data = f"doctor-{uuid.uuid4().hex}", b"nightcap doctor"
    try:
        store = _open(settings, location)
        store.write(key, data)
        try:
            is_same = store.read(key) == data
        finally:
            store.delete(key)
    except PipelineError as error:
        return from_error(part, error, _store_advice(settings, location))
    except OSError as error:
        return Check(part, "fail", f"{location}: {error}", "check the folder's owner, its mount and free space")
    if not is_same:
        return Check(part, "fail", f"{location} gave back other bytes than were written", "check the disk or bucket")
    return Check(part, "ok", f"{location}: written, read, deleted")


def _open(settings: Settings, location: str) -> ObjectStore:
    """The store; an endpoint where nothing listens is found out at once, not after the client's five attempts."""
    endpoint = settings.s3.endpoint_url
    if location.startswith("s3://") and endpoint:
        try:
            _connect(endpoint)
        except OSError as error:
            raise TransientError(f"{location}: {endpoint} does not answer: {error}") from error
    return open_store(location, settings)


def _store_advice(settings: Settings, location: str) -> str:
    if location.startswith("s3://"):
        endpoint = settings.s3.endpoint_url or "the provider's own"
        return f"check the bucket, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and s3.endpoint_url ({endpoint})"
    return "check the folder and storage.* of the configuration"


def check_state(settings: Settings) -> Iterator[Check]:
    """The state database answers; holds are said, because flows obey them."""
    from sqlalchemy.exc import SQLAlchemyError

    from pipelines.clients.state import open_state

    if not settings.storage.state and not settings.path("state.db").is_file():
        yield Check("state", "ok", f"{settings.path('state.db')}: {_NOT_YET}")
        return
    try:
        holds = open_state(settings).holds()
    except TransientError as error:
        yield from_error("state", error, "start the database, or check storage.state")
        return
    except UsageError as error:
        yield Check("state", "fail", f"storage.state is no database address: {error}", "see storage.state")
        return
    except SQLAlchemyError as error:
        yield Check("state", "fail", f"state database: {error}", "check storage.state and the database's rights")
        return
    yield Check("state", "ok", f"{'database of storage.state' if settings.storage.state else 'state.db'} answers")
    for hold in holds:
        until = f" until {hold.until}" if hold.until else ""
        yield Check("hold", "warn", f"{hold.name} held by {hold.who}{until}: {hold.why}", "flows obey it; see status")


# corpus


def check_corpus(settings: Settings) -> Iterator[Check]:
    """The clone, its git remote and its DVC remote say the same."""
    repo = CorpusRepo(settings)
    if not repo.exists():
        yield Check("corpus", "ok", f"{repo.root}: {_NOT_YET}")
        return
    try:
        yield _git_step(repo)
    except PipelineError as error:
        yield from_error("corpus git", error, "check storage.corpus_git and the rights on it")
    try:
        yield _dvc_step(settings, repo)
    except PipelineError as error:
        yield from_error("corpus files", error, "check storage.corpus_remote; `nightcap corpus verify` proves it all")


def _git_step(repo: CorpusRepo) -> Check:
    listed = repo.git("ls-remote", repo.git_remote, f"refs/heads/{BRANCH}", "refs/tags/corpus/*")
    refs = {name: sha for sha, name in (line.split("\t") for line in listed.splitlines())}
    head, theirs = repo.git("rev-parse", "HEAD"), refs.get(f"refs/heads/{BRANCH}")
    remote = public(repo.git_remote)
    if theirs is None:
        return Check("corpus git", "fail", f"{remote} has no branch {BRANCH}", "restore the remote's branch")
    tags = [r for r in refs if r.startswith("refs/tags/") and not r.endswith("^{}")]
    local = repo.tags()
    if head != theirs:
        message = f"the clone stands at {head[:10]}, {remote} at {theirs[:10]}"
        return Check("corpus git", "warn", message, "the next freeze goes on from the remote; nothing to do by hand")
    if unpushed := sorted(t for t in local if f"refs/tags/{t}" not in refs):
        return Check("corpus git", "warn", f"not at the remote: {', '.join(unpushed[:3])}", "run the night again")
    return Check("corpus git", "ok", f"{remote}: in step, {len(tags)} versions")


def _dvc_step(settings: Settings, repo: CorpusRepo) -> Check:
    md5, remote = repo.head_md5(), repo.dvc_remote
    if not md5:
        return Check("corpus files", "ok", "no version yet")
    if "://" in remote and not remote.startswith("s3://"):
        return Check("corpus files", "warn", f"{remote} is not checked here", "run `nightcap corpus verify`")
    store = _open(settings, remote)
    key = _object_key(md5)
    if not store.exists(key):
        return Check("corpus files", "fail", f"{remote} lacks the file list {md5}", _restore(repo, md5))
    wanted, there = {str(e["md5"]) for e in json.loads(store.read(key))}, _keys(store)
    if absent := sorted(m for m in wanted if _object_key(m) not in there):
        message = f"{remote} lacks {len(absent)} of {len(wanted)} files"
        return Check("corpus files", "fail", message, _restore(repo, absent[0]))
    return Check("corpus files", "ok", f"{remote}: all {len(wanted)} files of {md5.removesuffix('.dir')[:12]}")


def _object_key(md5: str) -> str:
    return f"files/md5/{md5[:2]}/{md5[2:]}"


def _keys(store: ObjectStore) -> set[str]:
    return {o.key for o in store.iter_objects("files/md5/")}


def _restore(repo: CorpusRepo, md5: str) -> str:
    if (repo.cache / md5[:2] / md5[2:]).is_file():
        return f"the clone's cache has it: `dvc push` in {repo.root}"
    return "restore the remote from its backup, or from another clone's cache with `dvc push`"


# MLflow, published file


def check_mlflow(settings: Settings) -> Iterator[Check]:
    """The registry answers."""
    from pipelines.clients import mlflow_client as registry

    uri = registry.tracking_uri(settings)
    shown = public(uri)
    if not registry.exists(settings):
        yield Check("mlflow", "ok", f"{shown}: not made yet, the first retraining does")
        return
    advice = "start the MLflow server (`make up`), or check storage.mlflow and MLFLOW_TRACKING_USERNAME / _PASSWORD"
    try:
        if uri.startswith("http"):
            _connect(uri)
        client = registry.open_client(settings)
        with registry.mlflow_errors(settings):
            models = client.search_registered_models(max_results=100)
    except OSError as error:
        yield Check("mlflow", "fail", f"{shown} does not answer: {error}", advice, True)
    except PipelineError as error:
        yield from_error("mlflow", error, advice)
    else:
        yield Check("mlflow", "ok", f"{shown}: {len(models)} models registered")


def _connect(uri: str) -> None:
    """Fails within seconds: MLflow's own client tries for minutes."""
    parts = urlsplit(uri)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    socket.create_connection((parts.hostname or "", port), timeout=_CONNECT_S).close()


def check_published(settings: Settings) -> Iterator[Check]:
    """What analysts see can be opened, and how old it is."""
    from pipelines.analytics.sqlfiles import sql
    from pipelines.clients.published import select_rows

    pointer = settings.path("analytics", "analytics.duckdb")
    if not pointer.is_symlink() and not pointer.exists():
        yield Check("published", "ok", f"nothing yet: {pointer}")
        return
    advice = "run `nightcap run reload_predictions --force`; older generations lie beside the pointer"
    if not pointer.exists():
        yield Check("published", "fail", f"{pointer} points to nothing", advice)
        return
    try:
        row = select_rows(pointer, settings, sql("status_published"), {})[0]
    except PipelineError as error:
        yield from_error("published", error, advice)
        return
    night = dt.date.fromisoformat(str(row["last_night"]))
    age = (dt.date.fromisoformat(today()) - night).days
    message = f"{row['generation']}, of night {night}, {age} days ago"
    if age > _STALE_DAYS:
        yield Check("published", "warn", message, "no newer night was published: see `nightcap status`")
    else:
        yield Check("published", "ok", message)


# sources


def check_sources(settings: Settings) -> Iterator[Check]:
    """Each source that takes part in a night answers, and what layout it has."""
    places = settings.sources.places()
    for name, option in (("deposit", "--articles"), ("curation", "--curation")):
        if name not in places:
            advice = f"set sources.{name}.location, or give each night its {option}"
            yield Check(f"source {name}", "warn", "not configured", advice)
    for name, place in places.items():
        check = _check_source if name in ("deposit", "curation") else _check_connector
        yield check(settings, name, place)


def _check_connector(settings: Settings, name: str, place: str) -> Check:
    """The canary that pull asks first."""
    from pipelines.core.runs import Run
    from pipelines.sources.step import connector_of

    night = dt.date.fromisoformat(today())
    run = Run("nightly_corpus", night.isoformat(), night, {name: place})
    try:
        found = connector_of(settings, name, run).check()
    except PipelineError as error:
        advice = f"try again later; if it stays so, check sources.{name} of the configuration and the provider's site"
        return from_error(f"source {name}", error, advice)
    return Check(f"source {name}", "ok", found)


def _check_source(settings: Settings, name: str, location: str) -> Check:
    from pipelines.sources.folder import describe_layout

    if not location.startswith("s3://") and not Path(location).is_dir():
        advice = f"mount or make the folder, or change sources.{name}.location"
        return Check(f"source {name}", "fail", f"{location} is no folder", advice, is_transient=True)
    try:
        store = _open(settings, location)
        keys = [o.key for o in islice(store.iter_objects(), _LISTED)]
        if keys and isinstance(store, LocalStore):
            store.read(keys[0])
    except PipelineError as error:
        return from_error(f"source {name}", error, _store_advice(settings, location))
    except OSError as error:
        return Check(f"source {name}", "fail", f"{location}: {error}", "check the rights on the folder")
    if not keys:
        return Check(f"source {name}", "warn", f"{location} is empty", "ask the sender whether deliveries stopped")
    return Check(f"source {name}", "ok", f"{location}: {describe_layout(keys)}")
