"""Archives from outside, read member by member in memory, without trust.

Nothing is ever written to disk, so no name of a member can reach a path; still a member whose name tries is refused.
What is refused is a `Rejection` among the members and the rest goes on, so a caller can count every member.
"""

from __future__ import annotations

import gzip
import io
import posixpath
import re
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from pipelines.core.records import Reason, Rejection

_ARCHIVE_NAME = re.compile(r"(?i)\.(?:tar\.gz|tgz|tar|zip|meca|(?:xml|json|jsonl|csv|tsv|txt|conll|pubtator)\.gz)$")
_CHUNK = 1 << 20
_BLOCK = 512
_CARRIERS = (
    tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK,
)  # fmt: skip
_LONG_HEADER, _HEADER_WORK = 1 << 10, (32 << 10) ** 2


@dataclass(frozen=True)
class Member:
    """One regular file of an archive; members of a nested archive are named `inner.zip/name`."""

    name: str
    data: bytes


@dataclass(frozen=True)
class IgnoredMember:
    """An entry that is not taken (link, device, pipe, listed pattern): counted as ignored, with the reason."""

    name: str
    why: str
    size: int = 0


@dataclass(frozen=True)
class Limits:
    """Bytes per member and in all, times that data may grow when unpacked (beyond 64 MiB), and members."""

    member_bytes: int = 64 << 20
    total_bytes: int = 4 << 30
    ratio: int = 200
    members: int = 200_000

    def unpacked_bytes(self, packed: int) -> int:
        """Most bytes that an archive of this size may unpack to."""
        return min(self.total_bytes, max(64 << 20, packed * self.ratio))


Entry = Member | Rejection | IgnoredMember
DEFAULT_LIMITS = Limits()


class _TooLarge(Exception):
    """The archive unpacks to more than its limit."""


class _Budget:
    """What may still be unpacked, shared by an archive and those inside it."""

    def __init__(self, limits: Limits, packed: int) -> None:
        self.limits = limits
        self.bytes_left = limits.unpacked_bytes(packed)
        self.members_left = limits.members

    def spend(self, n: int) -> None:
        self.bytes_left -= n
        if self.bytes_left < 0:
            raise _TooLarge

    def count(self) -> None:
        self.members_left -= 1
        if self.members_left < 0:
            raise _TooLarge


def is_archive(name: str) -> bool:
    """True for .tar.gz, .tgz, .tar, .zip, .meca (a zip) and single files: .xml.gz, .json.gz, .csv.gz, …"""
    return _ARCHIVE_NAME.search(name) is not None


def iter_members(data: bytes, name: str, limits: Limits = DEFAULT_LIMITS) -> Iterator[Entry]:
    """Members of an archive in its order; archives inside are opened one level deep.

    Yields `Rejection`s of unit `file`: unsafe_archive_member (a name that leaves the folder, an archive nested
    deeper), too_large (a member, or the archive as a whole: nothing follows then), bad_archive (corrupt, encrypted or
    cut short: what was read before it stands, nothing follows). The locator is `archive/member`.
    """
    yield from _iter_archive(data, name, _Budget(limits, len(data)), depth=0)


def _iter_archive(data: bytes, name: str, budget: _Budget, *, depth: int) -> Iterator[Entry]:
    try:
        for entry in _iter_format(data, name, budget):
            if isinstance(entry, Member) and is_archive(entry.name):
                yield from _iter_nested(entry, name, budget, depth=depth)
            else:
                yield entry
    except _TooLarge:
        yield _refused(Reason.TOO_LARGE, name, "", "the archive unpacks to far more than its size allows: not read on")
    except (
        tarfile.TarError,
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        OSError,
        ValueError,
        NotImplementedError,
        RecursionError,  # headers upon headers
    ) as error:
        yield _refused(Reason.BAD_ARCHIVE, name, "", f"the archive is damaged or cut short: {error}")


def _iter_nested(entry: Member, name: str, budget: _Budget, *, depth: int) -> Iterator[Entry]:
    if depth >= 1:
        yield _refused(Reason.UNSAFE_ARCHIVE_MEMBER, name, entry.name, "archives are opened one level deep only")
        return
    for inner in _iter_archive(entry.data, f"{name}/{entry.name}", budget, depth=depth + 1):
        if isinstance(inner, Member):
            yield Member(f"{entry.name}/{inner.name}", inner.data)
        elif isinstance(inner, IgnoredMember):
            yield IgnoredMember(f"{entry.name}/{inner.name}", inner.why)
        else:
            yield inner


def _iter_format(data: bytes, name: str, budget: _Budget) -> Iterator[Entry]:
    """The format is read from the bytes: names lie."""
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        yield from _iter_zip(data, name, budget)
    elif data.startswith(b"\x1f\x8b"):
        stream = _Metered(gzip.GzipFile(fileobj=io.BytesIO(data)), budget)
        if _is_tar(stream.peek_block()):
            yield from _iter_tar(stream, name, budget)
        else:
            yield from _read_single(stream, name, budget)
    elif _is_tar(data[:_BLOCK]):
        yield from _iter_tar(_Metered(io.BytesIO(data), budget), name, budget)
    else:
        yield _refused(Reason.BAD_ARCHIVE, name, "", "the file is no archive of a known kind (zip, tar, gzip)")


def _is_tar(block: bytes) -> bool:
    """A tar header (or the end mark of an empty tar): its checksum decides, as old tars have no magic."""
    if len(block) < _BLOCK:
        return False
    if not block.strip(b"\0"):
        return True
    try:
        tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except tarfile.TarError:
        return False
    return True


class _Metered(io.RawIOBase):
    """A stream that charges every byte to the budget and remembers its last block."""

    def __init__(self, inner: IO[bytes] | gzip.GzipFile, budget: _Budget) -> None:
        super().__init__()
        self._inner, self._budget = inner, budget
        self._ahead = b""
        self.last_block = b""

    def peek_block(self) -> bytes:
        while len(self._ahead) < _BLOCK and (more := self._inner.read(_BLOCK - len(self._ahead))):
            self._ahead += more
        return self._ahead

    def read(self, size: int = -1, /) -> bytes:
        wanted = self._budget.bytes_left + 1 if size is None or size < 0 else size
        head, self._ahead = self._ahead[:wanted], self._ahead[wanted:]
        data = head + self._inner.read(wanted - len(head)) if len(head) < wanted else head
        self._budget.spend(len(data))
        if data:
            self.last_block = (self.last_block + data[-_BLOCK:])[-_BLOCK:]
        return data


def _bounded_headers() -> type[tarfile.TarInfo]:
    """Headers that carry names and attributes of the next member may be long only a few times: older Pythons search
    them in quadratic time (CVE-2024-6232), so that a kilobyte of archive takes minutes."""
    left = _HEADER_WORK

    class Header(tarfile.TarInfo):
        @classmethod
        def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Header:
            nonlocal left
            info = super().frombuf(buf, encoding, errors)
            if info.type in _CARRIERS and info.size > _LONG_HEADER:
                left -= info.size**2
                if left < 0:
                    raise tarfile.ReadError("names or attributes of members are longer than any real ones")
            return info

    return Header


def _iter_tar(stream: _Metered, name: str, budget: _Budget) -> Iterator[Entry]:
    reachable = budget.bytes_left
    with tarfile.open(fileobj=stream, mode="r|", errorlevel=2, tarinfo=_bounded_headers()) as archive:
        for info in archive:
            budget.count()
            if archive.offset > reachable:  # tarfile would read its way to a stated size that does not exist
                raise _TooLarge
            if not info.isdir():
                yield _read_tar_member(archive, info, name, budget)
    while stream.read(_CHUNK):
        pass
    if stream.last_block.strip(b"\0"):
        yield _refused(
            Reason.BAD_ARCHIVE, name, "", "the archive has no end mark: it was cut short, members may be missing"
        )


def _read_tar_member(archive: tarfile.TarFile, info: tarfile.TarInfo, name: str, budget: _Budget) -> Entry:
    if refusal := _refuse_member(info.name, info.size, name, budget):
        return refusal
    if not info.isreg():
        kind = "link" if info.issym() or info.islnk() else "device or pipe"
        return IgnoredMember(_plain_name(info.name), f"a {kind}, not a file")
    stream = archive.extractfile(info)
    return Member(_plain_name(info.name), stream.read() if stream else b"")  # a short read raises


def _iter_zip(data: bytes, name: str, budget: _Budget) -> Iterator[Entry]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for info in archive.infolist():
            budget.count()
            if not info.filename.endswith("/"):  # is_dir() fails on an empty name
                yield _read_zip_member(archive, info, name, budget)


def _read_zip_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str, budget: _Budget) -> Entry:
    if refusal := _refuse_member(info.orig_filename, info.file_size, name, budget):
        return refusal
    mode = info.external_attr >> 16
    if mode and stat.S_IFMT(mode) not in {0, stat.S_IFREG}:
        return IgnoredMember(_plain_name(info.filename), "a link or device, not a file")
    if info.flag_bits & 0x1:
        return _refused(Reason.BAD_ARCHIVE, name, info.filename, "the member is encrypted")
    try:
        with archive.open(info) as stream:
            data = stream.read(budget.limits.member_bytes + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        return _refused(Reason.BAD_ARCHIVE, name, info.filename, f"the member is damaged: {error}")
    budget.spend(len(data))
    return Member(_plain_name(info.filename), data)


def _read_single(stream: _Metered, name: str, budget: _Budget) -> Iterator[Entry]:
    """One compressed file without an archive: its name is that of the file less `.gz`."""
    budget.count()
    inner = re.sub(r"(?i)\.gz$", "", posixpath.basename(name)) or "member"
    data = stream.read(budget.limits.member_bytes + 1)
    if len(data) > budget.limits.member_bytes:
        yield _refused(Reason.TOO_LARGE, name, inner, _over(budget.limits))
    else:
        yield Member(inner, data)


def _refuse_member(member: str, size: int, name: str, budget: _Budget) -> Rejection | None:
    if why := _unsafe_name(member):
        return _refused(Reason.UNSAFE_ARCHIVE_MEMBER, name, member, why)
    if size > budget.limits.member_bytes:
        return _refused(Reason.TOO_LARGE, name, member, _over(budget.limits))
    return None


def _unsafe_name(name: str) -> str | None:
    if not name.strip("/. "):
        return "the member has no name"
    if name.startswith(("/", "\\")) or re.match(r"[A-Za-z]:", name):
        return "the member's name is an absolute path"
    if ".." in re.split(r"[/\\]", name):
        return "the member's name leaves the archive's folder (..)"
    if re.search(r"[\x00-\x1f\x7f]", name):
        return "the member's name holds a control character"
    return None


def _plain_name(name: str) -> str:
    return posixpath.normpath(name.replace("\\", "/"))


def _over(limits: Limits) -> str:
    return f"the member unpacks to more than {limits.member_bytes / 2**20:g} MiB"


def _refused(reason: Reason, archive: str, member: str, message: str) -> Rejection:
    return Rejection("file", reason, message, f"{archive}/{member}" if member else archive)
