"""Archives without trust: every entry comes out as a member, a rejection or an ignored entry, and none is lost."""

from __future__ import annotations

import gzip
import io
import stat
import tarfile
import zipfile
from collections.abc import Mapping

import pytest

from pipelines.core.records import Reason, Rejection
from pipelines.sources.archives import DEFAULT_LIMITS, IgnoredMember, Limits, Member, is_archive, iter_members

FILES = {"a.xml": b"<a/>", "deep/b.xml": b"<b/>" * 1000, "empty.xml": b""}


def make_tar(files: Mapping[str, bytes], *, mode: str = "w:gz", extra: tuple[tarfile.TarInfo, ...] = ()) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:  # type: ignore[call-overload]
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        for info in extra:
            archive.addfile(info)
    return out.getvalue()


def make_zip(files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def special(name: str, kind: bytes) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, "/etc/passwd"
    return info


PACKED = {
    "x.tar.gz": make_tar(FILES),
    "x.tgz": make_tar(FILES),
    "x.tar": make_tar(FILES, mode="w"),
    "x.zip": make_zip(FILES),
    "named-wrongly.zip": make_tar(FILES),
}


@pytest.mark.parametrize("name", PACKED)
def test_members_in_order(name: str) -> None:
    assert list(iter_members(PACKED[name], name)) == [Member(n, d) for n, d in FILES.items()]


def test_folders_are_no_members() -> None:
    folder = tarfile.TarInfo("deep/")
    folder.type = tarfile.DIRTYPE
    assert len(list(iter_members(make_tar(FILES, extra=(folder,)), "x.tgz"))) == 3
    assert len(list(iter_members(make_zip(FILES | {"deep/": b""}), "x.zip"))) == 3


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a.tar.gz", True), ("A.TGZ", True), ("a.zip", True), ("a.xml.gz", True), ("a.meca", True), ("a.tar", True),
     ("a.xml", False), ("a.csv.gz", True), ("zip", False)],
)  # fmt: skip
def test_is_archive(name: str, expected: bool) -> None:
    assert is_archive(name) is expected


BAD_NAMES = ["../evil.xml", "/etc/evil.xml", "a/../../evil.xml", "..\\evil.xml", "C:/evil.xml", "a\nb.xml", "./"]


@pytest.mark.parametrize(("kind", "bad"), [*(("tar", n) for n in BAD_NAMES), *(("zip", n) for n in BAD_NAMES[:-1])])
def test_unsafe_names_are_refused_and_the_others_go_on(kind: str, bad: str) -> None:
    files = {bad: b"evil", "good.xml": b"<g/>"}
    data = make_tar(files) if kind == "tar" else make_zip(files)
    first, second = iter_members(data, "x")
    assert isinstance(first, Rejection)
    assert (first.unit, first.reason) == ("file", Reason.UNSAFE_ARCHIVE_MEMBER)
    assert second == Member("good.xml", b"<g/>")


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_links_and_devices_are_ignored_with_a_record(kind: bytes) -> None:
    entries = list(iter_members(make_tar(FILES, extra=(special("link.xml", kind),)), "x.tgz"))
    assert isinstance(entries[-1], IgnoredMember)
    assert entries[-1].name == "link.xml"
    assert "not a file" in entries[-1].why
    assert len(entries) == 4


def test_link_in_a_zip_is_ignored() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        info = zipfile.ZipInfo("link")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, "/etc/passwd")
    assert list(iter_members(out.getvalue(), "x.zip")) == [IgnoredMember("link", "a link or device, not a file")]


def test_one_level_of_nesting() -> None:
    inner = make_zip({"c.xml": b"<c/>", "deeper.zip": make_zip(FILES), "../x": b""})
    entries = list(iter_members(make_tar({"in.zip": inner, "d.xml": b"<d/>"}), "out.tgz"))
    assert entries[0] == Member("in.zip/c.xml", b"<c/>")
    assert isinstance(entries[1], Rejection)
    assert (entries[1].reason, entries[1].locator) == (Reason.UNSAFE_ARCHIVE_MEMBER, "out.tgz/in.zip/deeper.zip")
    assert isinstance(entries[2], Rejection)
    assert entries[3] == Member("d.xml", b"<d/>")


def test_nested_links_keep_their_path() -> None:
    inner = make_tar({}, extra=(special("l", tarfile.SYMTYPE),))
    assert list(iter_members(make_tar({"in.tgz": inner}), "x.tgz")) == [IgnoredMember("in.tgz/l", "a link, not a file")]


def test_single_compressed_file() -> None:
    assert list(iter_members(gzip.compress(b"<a/>"), "folder/PMC1.xml.gz")) == [Member("PMC1.xml", b"<a/>")]
    (entry,) = iter_members(gzip.compress(b"x" * 3000), "a.xml.gz", Limits(member_bytes=1000))
    assert isinstance(entry, Rejection)
    assert entry.reason is Reason.TOO_LARGE


def reasons(data: bytes, limits: Limits = DEFAULT_LIMITS) -> list[object]:
    return [e.reason if isinstance(e, Rejection) else type(e) for e in iter_members(data, "x", limits)]


@pytest.mark.parametrize("kind", ["tar", "zip"])
def test_a_large_member_is_refused_and_the_others_go_on(kind: str) -> None:
    files = {"a.xml": b"<a/>", "big.xml": b"x" * 5000, "b.xml": b"<b/>"}
    data = make_tar(files) if kind == "tar" else make_zip(files)
    assert reasons(data, Limits(member_bytes=1000)) == [Member, Reason.TOO_LARGE, Member]


def test_decompression_bombs_stop_early() -> None:
    bomb = gzip.compress(b"\0" * (80 << 20), compresslevel=9)
    assert reasons(bomb, Limits(member_bytes=1 << 30)) == [Reason.TOO_LARGE]
    tar = make_tar({f"{n}.xml": b"x" * (8 << 20) for n in range(10)})
    assert reasons(tar) == [*[Member] * 7, Reason.TOO_LARGE]
    zipped = make_zip({f"{n}.xml": b"x" * (8 << 20) for n in range(10)})
    assert reasons(zipped) == [*[Member] * 8, Reason.TOO_LARGE]
    assert reasons(make_tar(FILES), Limits(total_bytes=1000)) == [Reason.TOO_LARGE]
    assert reasons(make_tar(FILES), Limits(members=2)) == [Member, Member, Reason.TOO_LARGE]


def test_a_nested_bomb_spends_the_same_budget() -> None:
    inner = make_zip({f"{n}.xml": b"x" * 40_000 for n in range(3)})
    found = reasons(make_tar({"1.zip": inner, "2.zip": inner}), Limits(total_bytes=150_000))
    assert found[:3] == [Member] * 3
    assert Reason.TOO_LARGE in found[3:]
    assert len(found) < 7


@pytest.mark.timeout(10)
@pytest.mark.parametrize(("stated", "unpacked"), [(1 << 40, 0), (0, 1 << 40), (1 << 40, 1 << 40)])
def test_a_sparse_giant_is_refused_by_its_stated_size(stated: int, unpacked: int) -> None:
    """A sparse member states its size in the archive and unpacked; neither is believed."""
    info = tarfile.TarInfo("sparse")
    info.type, info.size = tarfile.GNUTYPE_SPARSE, stated
    header = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    header[483:495] = tarfile.itn(unpacked, 12, tarfile.GNU_FORMAT)  # type: ignore[attr-defined]
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    assert reasons(bytes(header) + b"\0" * 1024) == [Reason.TOO_LARGE]


@pytest.mark.parametrize("name", ["x.tar.gz", "x.tar", "x.zip"])
def test_every_truncation_is_noticed(name: str) -> None:
    whole = PACKED[name]
    end_mark = 6 * 512 + 6 * 512  # three headers, and the data in blocks; nothing but zeros follows
    ends = range(0, end_mark + 1, 96) if name == "x.tar" else range(0, len(whole), 7)
    for end in ends:
        entries = list(iter_members(whole[:end], name))
        bad = [e for e in entries if isinstance(e, Rejection)]
        assert [b.reason for b in bad] == [Reason.BAD_ARCHIVE], end
        assert all(FILES[e.name] == e.data for e in entries if isinstance(e, Member))


@pytest.mark.parametrize("name", ["x.tar.gz", "x.zip"])
def test_damaged_bytes_never_give_wrong_data(name: str) -> None:
    whole = PACKED[name]
    for position in range(0, len(whole), 3):
        damaged = bytes([*whole[:position], whole[position] ^ 0x55, *whole[position + 1 :]])
        entries = list(iter_members(damaged, name))
        wrong = [e for e in entries if isinstance(e, Member) and e.data not in FILES.values()]
        refused = [e for e in entries if isinstance(e, Rejection)]
        assert not wrong or refused, position


def test_no_archive_at_all() -> None:
    assert reasons(b"<html/>") == [Reason.BAD_ARCHIVE]
    assert reasons(b"") == [Reason.BAD_ARCHIVE]
    assert reasons(make_tar({}, mode="w")) == []


def test_encrypted_zip_member() -> None:
    data = bytearray(make_zip({"a.xml": b"<a/>", "b.xml": b"<b/>"}))
    central = data.index(b"PK\x01\x02")
    data[central + 8] |= 1
    found = reasons(bytes(data))
    assert found == [Reason.BAD_ARCHIVE, Member]
