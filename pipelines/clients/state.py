"""The state database: leases with fences, watermarks, holds, what people decide. SQLite or another SQLAlchemy URL."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from pipelines.core.waivers import Assignment, Waiver
from pipelines.errors import LeaseLost, TransientError, UsageError
from pipelines.settings import Settings

_METADATA = sa.MetaData()
_LEASES = sa.Table(
    "leases", _METADATA,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("fence", sa.Integer, nullable=False),
    sa.Column("holder", sa.String(200), nullable=False),
    sa.Column("expires_at", sa.Float, nullable=False),
)  # fmt: skip
_WATERMARKS = sa.Table(
    "watermarks", _METADATA,
    sa.Column("name", sa.String(200), primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)  # fmt: skip
_HOLDS = sa.Table(
    "holds", _METADATA,
    sa.Column("name", sa.String(100), primary_key=True),
    sa.Column("who", sa.String(100), nullable=False),
    sa.Column("why", sa.Text, nullable=False),
    sa.Column("until", sa.String(40), nullable=True),
    sa.Column("detail", sa.Text, nullable=False),
)  # fmt: skip
_WAIVERS = sa.Table(
    "waivers", _METADATA,
    sa.Column("issue_id", sa.String(64), primary_key=True),
    sa.Column("who", sa.String(100), nullable=False),
    sa.Column("why", sa.Text, nullable=False),
    sa.Column("date", sa.String(10), nullable=False),
)  # fmt: skip
_ASSIGNMENTS = sa.Table(
    "assignments", _METADATA,
    sa.Column("issue_id", sa.String(64), primary_key=True),
    sa.Column("owner", sa.String(100), nullable=False),
    sa.Column("note", sa.Text, nullable=False),
)  # fmt: skip

LEASE_SECONDS = 60.0


@dataclass(frozen=True)
class Hold:
    name: str
    who: str
    why: str
    until: dt.date | None
    detail: str


def _process_start(pid: int) -> str:
    """Start time of a process in clock ticks, empty when it does not run: a pid alone may be used again."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    return text.rpartition(")")[2].split()[19]


def _holder() -> str:
    return f"{socket.gethostname()}:{os.getpid()}:{_process_start(os.getpid())}"


def _is_dead(holder: str) -> bool:
    """True where the holder is a process of this machine that no longer runs."""
    host, pid, start = holder.rsplit(":", 2)
    return host == socket.gethostname() and _process_start(int(pid)) != start


class Lease:
    """A held lease. `check` before every irreversible act: it raises LeaseLost when somebody took over."""

    def __init__(self, state: State, name: str, fence: int) -> None:
        self._state, self.name, self.fence = state, name, fence

    def check(self) -> None:
        if self._state.fence_of(self.name) != self.fence:
            raise LeaseLost(f"lease {self.name} was taken over by another writer; this one stops without effect")


class State:
    def __init__(self, url: str) -> None:
        if url.startswith("sqlite:///"):
            Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
        connect = {"timeout": 30} if url.startswith("sqlite") else {}
        try:
            self._engine = sa.create_engine(url, connect_args=connect, poolclass=sa.NullPool)
            _METADATA.create_all(self._engine, checkfirst=True)
        except (sa.exc.ArgumentError, sa.exc.NoSuchModuleError) as error:
            raise UsageError(f"storage.state {url!r} is no database address: {error}") from error
        except sa.exc.OperationalError as error:
            if "already exists" not in str(error):
                raise TransientError(f"state database {self._engine.url!r}: {error.orig}") from error

    # leases

    def fence_of(self, name: str) -> int | None:
        with self._engine.connect() as con:
            return con.execute(sa.select(_LEASES.c.fence).where(_LEASES.c.name == name)).scalar()

    def _try_take(self, name: str, holder: str) -> int | None:
        now = time.time()
        with self._engine.begin() as con:
            row = con.execute(sa.select(_LEASES).where(_LEASES.c.name == name)).mappings().first()
            if row is None:
                con.execute(_LEASES.insert().values(name=name, fence=1, holder=holder, expires_at=now + LEASE_SECONDS))
                return 1
            if row["holder"] and row["expires_at"] > now and not _is_dead(row["holder"]):
                return None
            taken = con.execute(
                _LEASES.update()
                .where(_LEASES.c.name == name, _LEASES.c.fence == row["fence"], _LEASES.c.holder == row["holder"])
                .values(fence=row["fence"] + 1, holder=holder, expires_at=now + LEASE_SECONDS)
            )
            return row["fence"] + 1 if taken.rowcount else None

    def _renew(self, name: str, fence: int, expires_at: float, holder: str | None = None) -> None:
        values: dict[str, object] = {"expires_at": expires_at}
        if holder is not None:
            values["holder"] = holder
        with self._engine.begin() as con:
            con.execute(_LEASES.update().where(_LEASES.c.name == name, _LEASES.c.fence == fence).values(**values))

    def _acquire(self, name: str, wait_seconds: float) -> int:
        deadline = time.monotonic() + wait_seconds
        while True:
            try:
                fence = self._try_take(name, _holder())
            except sa.exc.IntegrityError:
                fence = None
            if fence is not None:
                return fence
            if time.monotonic() > deadline:
                raise TransientError(f"another run holds the lease {name}; try again when it is done")
            time.sleep(0.5)

    @contextlib.contextmanager
    def lease(self, name: str, wait_seconds: float = 900.0) -> Iterator[Lease]:
        """Hold the lease while the block runs; renewed in the background, free at once when the holder dies here."""
        fence = self._acquire(name, wait_seconds)
        stop = threading.Event()

        def keep() -> None:
            while not stop.wait(LEASE_SECONDS / 3):
                with contextlib.suppress(sa.exc.SQLAlchemyError):
                    self._renew(name, fence, time.time() + LEASE_SECONDS)

        thread = threading.Thread(target=keep, daemon=True)
        thread.start()
        try:
            yield Lease(self, name, fence)
        finally:
            stop.set()
            thread.join()
            self._renew(name, fence, 0.0, "")

    # watermarks

    def watermark(self, name: str) -> str | None:
        with self._engine.connect() as con:
            return con.execute(sa.select(_WATERMARKS.c.value).where(_WATERMARKS.c.name == name)).scalar()

    def set_watermark(self, name: str, value: str) -> None:
        with self._engine.begin() as con:
            changed = con.execute(_WATERMARKS.update().where(_WATERMARKS.c.name == name).values(value=value))
            if not changed.rowcount:
                con.execute(_WATERMARKS.insert().values(name=name, value=value))

    # holds

    def holds(self) -> list[Hold]:
        with self._engine.connect() as con:
            rows = con.execute(sa.select(_HOLDS).order_by(_HOLDS.c.name)).mappings().all()
        return [
            Hold(r["name"], r["who"], r["why"], dt.date.fromisoformat(r["until"]) if r["until"] else None, r["detail"])
            for r in rows
        ]

    def set_hold(self, hold: Hold) -> None:
        self.release_hold(hold.name)
        until = hold.until.isoformat() if hold.until else None
        with self._engine.begin() as con:
            con.execute(
                _HOLDS.insert().values(name=hold.name, who=hold.who, why=hold.why, until=until, detail=hold.detail)
            )

    def release_hold(self, name: str) -> bool:
        with self._engine.begin() as con:
            return bool(con.execute(_HOLDS.delete().where(_HOLDS.c.name == name)).rowcount)

    # waivers

    def waivers(self) -> list[Waiver]:
        with self._engine.connect() as con:
            rows = con.execute(sa.select(_WAIVERS).order_by(_WAIVERS.c.issue_id)).mappings().all()
        return [Waiver(r["issue_id"], r["who"], r["why"], r["date"]) for r in rows]

    def set_waiver(self, waiver: Waiver) -> None:
        with self._engine.begin() as con:
            con.execute(_WAIVERS.delete().where(_WAIVERS.c.issue_id == waiver.issue_id))
            con.execute(_WAIVERS.insert().values(issue_id=waiver.issue_id, who=waiver.who, why=waiver.why,
                                                 date=waiver.date))  # fmt: skip

    def lift_waiver(self, issue_id: str) -> bool:
        with self._engine.begin() as con:
            return bool(con.execute(_WAIVERS.delete().where(_WAIVERS.c.issue_id == issue_id)).rowcount)

    # assignments

    def assignments(self) -> list[Assignment]:
        with self._engine.connect() as con:
            rows = con.execute(sa.select(_ASSIGNMENTS).order_by(_ASSIGNMENTS.c.issue_id)).mappings().all()
        return [Assignment(r["issue_id"], r["owner"], r["note"]) for r in rows]

    def set_assignment(self, assignment: Assignment) -> None:
        """Keep who looks after an issue; neither owner nor note takes it back."""
        with self._engine.begin() as con:
            con.execute(_ASSIGNMENTS.delete().where(_ASSIGNMENTS.c.issue_id == assignment.issue_id))
            if assignment.owner or assignment.note:
                con.execute(_ASSIGNMENTS.insert().values(issue_id=assignment.issue_id, owner=assignment.owner,
                                                         note=assignment.note))  # fmt: skip


def open_state(settings: Settings) -> State:
    return State(settings.storage.state or f"sqlite:///{settings.path('state.db')}")
