"""Bytes under keys, in a local folder or an S3 bucket: the same verbs for both."""

from __future__ import annotations

import contextlib
import hashlib
import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from pipelines.errors import PermanentError, TransientError
from pipelines.settings import Settings

_READS = 3


@dataclass(frozen=True)
class ObjectInfo:
    """`etag` changes when the object does: size and mtime for a file, S3's own for an object."""

    key: str
    size: int
    etag: str


class ObjectStore(Protocol):
    """Keys use `/`. `write` is atomic: a reader sees all of it or nothing."""

    def read(self, key: str) -> bytes: ...
    def write(self, key: str, data: bytes) -> None: ...
    def exists(self, key: str) -> bool: ...
    def iter_objects(self, prefix: str = "") -> Iterator[ObjectInfo]: ...
    def iter_others(self) -> Iterator[tuple[str, str]]: ...
    def delete(self, key: str) -> None: ...
    def uri(self, key: str = "") -> str: ...


class LocalStore:
    """A folder. Writes go to a temporary name in the same folder and are renamed."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def read(self, key: str) -> bytes:
        try:
            return (self.root / key).read_bytes()
        except FileNotFoundError as error:
            raise PermanentError(f"{self.root / key} does not exist") from error
        except OSError as error:
            raise PermanentError(f"{self.root / key} cannot be read: {error.strerror}") from error

    def write(self, key: str, data: bytes) -> None:
        path = self.root / key
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.parent / f".{path.name}.{uuid.uuid4().hex}.tmp"
        try:
            with temporary.open("wb") as handle:
                handle.write(data)
                handle.flush()
                os.fsync(handle.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)

    def exists(self, key: str) -> bool:
        return (self.root / key).is_file()

    def iter_objects(self, prefix: str = "") -> Iterator[ObjectInfo]:
        base = self.root / prefix
        start = base if base.is_dir() else base.parent
        if not self.root.is_dir() or not start.is_dir():
            return
        home = self.root.resolve()
        for path in sorted(p for p in start.rglob("*") if p.is_file()):
            key = path.relative_to(self.root).as_posix()
            if key.startswith(prefix) and _why_not_read(path, home) is None:
                stat = path.stat()
                yield ObjectInfo(key, stat.st_size, f"{stat.st_size}-{stat.st_mtime_ns}")

    def iter_others(self) -> Iterator[tuple[str, str]]:
        """(key, what it is) of what `iter_objects` passes over: a link may lead out of this folder (whoever may write
        here could have any file read) or round in a circle, a pipe may never end, a .tmp file is still being written.
        """
        home = self.root.resolve()
        for path in sorted(self.root.rglob("*")):
            if why := _why_not_read(path, home):
                yield path.relative_to(self.root).as_posix(), why

    def delete(self, key: str) -> None:
        (self.root / key).unlink(missing_ok=True)

    def uri(self, key: str = "") -> str:
        return str(self.root / key) if key else str(self.root)


def _why_not_read(path: Path, home: Path) -> str | None:
    """`home`: the real path of the store's folder, which may be a link itself."""
    if path.is_file():
        if path.is_symlink() and not path.resolve().is_relative_to(home):
            return "a link to a file outside this folder, not followed"
        return "a temporary file (.tmp)" if path.name.endswith(".tmp") else None
    if path.is_symlink():
        return "a link to a folder, not followed" if path.is_dir() else "a broken link, not a file"
    return None if path.is_dir() else "a device or pipe, not a file"


def _s3_client(settings: Settings, endpoint_url: str, region: str, *, is_public: bool = False) -> Any:
    import boto3
    from botocore import UNSIGNED
    from botocore.config import Config

    options = Config(
        retries={"total_max_attempts": settings.s3.max_attempts, "mode": "standard"}, connect_timeout=10,
        read_timeout=60, max_pool_connections=max(10, settings.pull.workers),
        signature_version=UNSIGNED if is_public else None,
    )  # fmt: skip
    return boto3.client("s3", endpoint_url=endpoint_url or None, region_name=region, config=options)


@contextlib.contextmanager
def _s3_errors(uri: str) -> Iterator[None]:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        if code in {"404", "NoSuchKey", "NoSuchBucket"}:
            raise PermanentError(f"{uri} does not exist ({code})") from error
        if code in {"403", "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch"}:
            raise PermanentError(f"{uri}: access denied ({code}); check the credentials in the environment") from error
        raise TransientError(f"{uri}: {error}") from error
    except BotoCoreError as error:
        raise TransientError(f"{uri}: {error}") from error


class S3Store:
    """A bucket and prefix. `client`: of boto3, for the service and with the rights that are wanted."""

    def __init__(self, uri: str, client: Any) -> None:
        bucket, _, prefix = uri.removeprefix("s3://").partition("/")
        if not bucket:
            raise PermanentError(f"{uri} names no bucket")
        self.bucket, self.prefix = bucket, prefix.strip("/")
        self._client = client

    def _key(self, key: str) -> str:
        return f"{self.prefix}/{key}" if self.prefix else key

    def read(self, key: str) -> bytes:
        from botocore.exceptions import IncompleteReadError, ResponseStreamingError

        with _s3_errors(self.uri(key)):
            for _ in range(_READS - 1):  # the client tries a request again, but not an answer that was cut short
                with contextlib.suppress(IncompleteReadError, ResponseStreamingError):
                    return self._read(key)
            return self._read(key)

    def _read(self, key: str) -> bytes:
        body: bytes = self._client.get_object(Bucket=self.bucket, Key=self._key(key))["Body"].read()
        return body

    def write(self, key: str, data: bytes) -> None:
        with _s3_errors(self.uri(key)):
            self._client.put_object(Bucket=self.bucket, Key=self._key(key), Body=data)

    def exists(self, key: str) -> bool:
        try:
            with _s3_errors(self.uri(key)):
                self._client.head_object(Bucket=self.bucket, Key=self._key(key))
        except PermanentError:
            return False
        return True

    def iter_objects(self, prefix: str = "") -> Iterator[ObjectInfo]:
        with _s3_errors(self.uri(prefix)):
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=self._key(prefix))
            for page in pages:
                for item in page.get("Contents", []):
                    key = item["Key"][len(self.prefix) + 1 :] if self.prefix else item["Key"]
                    yield ObjectInfo(key, int(item["Size"]), str(item["ETag"]).strip('"'))

    def iter_others(self) -> Iterator[tuple[str, str]]:
        """A bucket holds objects only."""
        return iter(())

    def delete(self, key: str) -> None:
        with _s3_errors(self.uri(key)):
            self._client.delete_object(Bucket=self.bucket, Key=self._key(key))

    def uri(self, key: str = "") -> str:
        return f"s3://{self.bucket}/{self._key(key)}".rstrip("/")


def open_store(location: str, settings: Settings) -> ObjectStore:
    """The store at a local path or an s3:// address."""
    if not location.startswith("s3://"):
        return LocalStore(Path(location))
    return S3Store(location, _s3_client(settings, settings.s3.endpoint_url, settings.s3.region))


def open_public(location: str, settings: Settings, *, endpoint_url: str, region: str) -> ObjectStore:
    """A bucket that anybody may read: asked without credentials, at a service of its own."""
    return S3Store(location, _s3_client(settings, endpoint_url, region, is_public=True))


def open_part(settings: Settings, part: str) -> ObjectStore:
    """The store of a part of the home: landing, staging, quarantine, predictions, reports, outbox."""
    return open_store(settings.part(part), settings)


def raw_key(sha256: str) -> str:
    """Where raw bytes of this hash lie below landing/."""
    return f"sha256/{sha256[:2]}/{sha256[2:4]}/{sha256}"


def put_raw(store: ObjectStore, data: bytes) -> str:
    """Store raw bytes once, under their sha256; returns it."""
    sha256 = hashlib.sha256(data).hexdigest()
    if not store.exists(raw_key(sha256)):
        store.write(raw_key(sha256), data)
    return sha256
