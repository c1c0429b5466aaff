"""ZIPs of cards: everything honest comes out, everything hostile is refused with a reason."""

import io
import os
import stat
import tracemalloc
import zipfile
from collections import namedtuple
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inference.errors import PhotoRejectedError
from inference.receipt import ReasonCode
from service.blobs.errors import DiskFullError
from service.receiving import part_file
from service.receiving.archive import EntryAnswer, read_plan, unpack_archive
from service.receiving.unpack_plan import STANDARD_LIMITS, ArchiveLimits
from tests.service.receiving.raw_zip import (
    Raw,
    central_part,
    deflate,
    end_part,
    local_part,
    make_quoted_overlap_bomb,
    make_zip,
)

JPEG = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 40
SMALL = ArchiveLimits(
    max_entries=50,
    max_directory_bytes=20_000,
    max_entry_bytes=100_000,
    max_total_bytes=150_000,
    max_entry_ratio=20,
    max_total_ratio=5,
    ratio_from_bytes=10_000,
)
Unpacked = dict[str, bytes | ReasonCode]


def unpack(
    folder: Path,
    archive: bytes,
    *,
    limits: ArchiveLimits = STANDARD_LIMITS,
    done: Sequence[str] = (),
) -> Unpacked:
    """Return what each file became: its bytes, or the reason."""
    path, incoming = folder / "archive", folder / "incoming"
    path.write_bytes(archive)
    unpacked: Unpacked = {}
    for answer in unpack_archive(
        path, incoming, limits=limits, is_done=set(done).__contains__, reserve_bytes=0
    ):
        assert answer.name not in unpacked
        unpacked[answer.name] = outcome(answer)
    if incoming.exists():
        assert list(incoming.iterdir()) == []
    return unpacked


def outcome(answer: EntryAnswer) -> bytes | ReasonCode:
    if answer.arrived is None:
        assert answer.reason is not None
        return answer.reason.code
    data = answer.arrived.path.read_bytes()
    assert answer.arrived.byte_count == answer.byte_count == len(data)
    return data


def only_outcome(folder: Path, entry: Raw, **limits: ArchiveLimits) -> bytes | ReasonCode:
    (result,) = unpack(folder, make_zip([entry]), **limits).values()
    return result


def refusal_of(
    folder: Path, archive: bytes, *, limits: ArchiveLimits = STANDARD_LIMITS
) -> ReasonCode:
    with pytest.raises(PhotoRejectedError) as caught:
        unpack(folder, archive, limits=limits)
    return caught.value.reason.code


class Unseekable(io.RawIOBase):
    """A pipe: sizes are written behind the data."""

    def __init__(self) -> None:
        self.data = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        self.data += bytes(data)  # type: ignore[call-overload]
        return len(bytes(data))  # type: ignore[call-overload]


# --- Honest archives ---


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("into_pipe", [False, True])
def test_a_card_comes_out_as_it_went_in(tmp_path: Path, method: int, into_pipe: bool) -> None:
    files = {"DCIM/100MEDIA/DJI_0001.JPG": JPEG, "DCIM/航拍/照片 1.jpg": JPEG[::-1], "empty": b""}
    pipe, whole = Unseekable(), io.BytesIO()
    with zipfile.ZipFile(pipe if into_pipe else whole, "w", method) as archive:
        archive.mkdir("DCIM")
        for name, data in files.items():
            archive.writestr(name, data)
    data = bytes(pipe.data) if into_pipe else whole.getvalue()
    assert unpack(tmp_path, data) == files


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(
    files=st.dictionaries(
        st.from_regex(r"[a-z]{1,8}(/[a-z]{1,8}){0,3}\.jpg", fullmatch=True),
        st.tuples(st.binary(max_size=3000), st.sampled_from([0, 8])),
        max_size=8,
    )
)
def test_whatever_pythons_writer_packs_is_unpacked(
    tmp_path: Path, files: dict[str, tuple[bytes, int]]
) -> None:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        for name, (data, method) in files.items():
            # Something that is no archive by chance.
            archive.writestr(name, b"\xff\xd8\xff" + data, method)
    expected = {name: b"\xff\xd8\xff" + data for name, (data, _) in files.items()}
    assert unpack(tmp_path, whole.getvalue()) == expected


def test_large_numbers_are_read_from_the_large_records(tmp_path: Path) -> None:
    entries = [Raw(name=b"a.jpg", data=JPEG), Raw(name=b"b.jpg", data=JPEG, method=8)]
    expected = {"a.jpg": JPEG, "b.jpg": JPEG}
    assert unpack(tmp_path, make_zip(entries, zip64=True)) == expected


def test_the_large_record_counts_where_the_small_one_would_do(tmp_path: Path) -> None:
    # As Info-ZIP writes what it packs into a pipe.
    entry = Raw(name=b"a.jpg", data=JPEG)
    body, directory = local_part(entry), central_part(entry, 0, zip64=True)
    large = end_part(1, len(directory), len(body), zip64=True)
    small = end_part(1, len(directory), len(body))
    assert unpack(tmp_path, body + directory + large[: -len(small)] + small) == {"a.jpg": JPEG}


def test_an_archive_without_files_holds_none(tmp_path: Path) -> None:
    assert unpack(tmp_path, make_zip([])) == {}


def test_a_comment_that_looks_like_the_end_is_no_end(tmp_path: Path) -> None:
    archive = make_zip([Raw(data=JPEG)], comment=end_part(0, 0, 0) + b"later")
    assert list(unpack(tmp_path, archive).values()) == [JPEG]


def test_more_files_than_small_numbers_count(tmp_path: Path) -> None:
    # Old writers count modulo 65,536.
    entries = [Raw(name=b"%d/" % number, data=b"") for number in range(65_537)]
    archive = b"".join(local_part(entry) for entry in entries[:1])
    directory = b"".join(central_part(entry, 0) for entry in entries)
    archive += directory + end_part(65_537, len(directory), len(archive))
    assert unpack(tmp_path, archive) == {}


def test_memory_stays_constant(tmp_path: Path) -> None:
    data = b"\xff\xd8\xff" + bytes(48 << 20)
    (tmp_path / "archive").write_bytes(make_zip([Raw(data=data, method=8)]))
    del data
    generous = ArchiveLimits(max_entry_ratio=2000, max_total_ratio=2000)
    tracemalloc.start()
    (answer,) = unpack_archive(
        tmp_path / "archive", tmp_path / "in", limits=generous, reserve_bytes=0
    )
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert answer.byte_count == (48 << 20) + 3
    assert peak < 8 << 20


# --- Going on where it stopped ---


def test_files_that_are_done_are_passed_over(tmp_path: Path) -> None:
    archive = make_zip([Raw(name=b"%d.jpg" % n, data=JPEG) for n in range(3)])
    assert list(unpack(tmp_path, archive, done=["0.jpg", "2.jpg"])) == ["1.jpg"]


def test_names_are_the_same_in_every_run(tmp_path: Path) -> None:
    entries = [Raw(name=b"a.jpg"), Raw(name=b"a.jpg"), Raw(name=b"../x"), Raw(name=b"a.jpg")]
    first = unpack(tmp_path, make_zip(entries))
    assert len(first) == 4
    for name in first:
        rest = unpack(tmp_path, make_zip(entries), done=[name])
        assert rest == {other: result for other, result in first.items() if other != name}


def test_stopping_early_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "archive").write_bytes(make_zip([Raw(name=b"a"), Raw(name=b"b")]))
    answers = unpack_archive(tmp_path / "archive", tmp_path / "in", reserve_bytes=0)
    first = next(answers)
    assert first.arrived is not None
    assert first.arrived.path.exists()
    answers.close()  # type: ignore[attr-defined]
    assert list((tmp_path / "in").iterdir()) == []


def test_a_file_that_was_moved_away_is_no_trouble(tmp_path: Path) -> None:
    (tmp_path / "archive").write_bytes(make_zip([Raw(name=b"a"), Raw(name=b"b")]))
    for answer in unpack_archive(tmp_path / "archive", tmp_path / "in", reserve_bytes=0):
        assert answer.arrived is not None
        answer.arrived.path.rename(tmp_path / answer.name)
    assert (tmp_path / "a").exists()
    assert (tmp_path / "b").exists()


def test_a_full_disk_stops_and_the_next_run_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = make_zip([Raw(name=b"a.jpg", data=JPEG)])
    usage = namedtuple("usage", "free")
    monkeypatch.setattr(part_file.shutil, "disk_usage", lambda _: usage(len(JPEG) - 1))
    with pytest.raises(DiskFullError):
        unpack(tmp_path, archive)
    monkeypatch.setattr(part_file.shutil, "disk_usage", lambda _: usage(len(JPEG)))
    assert unpack(tmp_path, archive) == {"a.jpg": JPEG}


# --- Names ---


@pytest.mark.parametrize(
    "name",
    [
        b"../evil.jpg",
        b"DCIM/../../evil.jpg",
        b"..\\..\\evil.jpg",
        b"/etc/cron.d/evil",
        b"\\\\server\\share\\evil.jpg",
        b"C:\\evil.jpg",
        b"c:evil.jpg",
        b"./C:/evil.jpg",
        b"photo.jpg\0.sh",
        b"",
        b".",
        b"a" * 256,
        b"ab/" * 400 + b"a.jpg",
    ],
)
def test_names_that_lead_out_are_refused_under_a_safe_name(tmp_path: Path, name: bytes) -> None:
    assert unpack(tmp_path, make_zip([Raw(name=name)])) == {"unnamed-1": ReasonCode.UNSAFE_NAME}


HOSTILE_PARTS = st.sampled_from(
    [
        "..",
        ".",
        "",
        "/",
        "\\",
        "C:",
        "\0",
        "a",
        "\n",
        "\u202e",
        "～",
        "..\\",
        "%2e%2e",
        "\x1b[2J",
        "nul",
    ]
)
HOSTILE_NAMES = st.one_of(
    st.lists(HOSTILE_PARTS, max_size=8).map("/".join),
    st.lists(HOSTILE_PARTS, max_size=8).map("".join),
    st.text(max_size=40),
).map(lambda name: name.encode("utf-8", errors="surrogatepass"))


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None
)
@given(names=st.lists(st.one_of(HOSTILE_NAMES, st.binary(max_size=40)), max_size=12))
@pytest.mark.parametrize("flags", [0, 1 << 11])
def test_no_set_of_names_ever_leaves_the_folder(
    tmp_path: Path, names: list[bytes], flags: int
) -> None:
    archive = make_zip([Raw(name=name, data=b"\xff\xd8\xff", flags=flags) for name in names])
    (tmp_path / "archive").write_bytes(archive)
    # Deep enough that some steps up would be seen.
    incoming, seen = tmp_path / "data" / "service" / "incoming", set()
    incoming.mkdir(parents=True, exist_ok=True)
    before = set(tmp_path.rglob("*"))
    for answer in unpack_archive(tmp_path / "archive", incoming, reserve_bytes=0):
        assert answer.name not in seen
        seen.add(answer.name)
        # Even the label would stay inside, if somebody made a path of it.
        label = os.path.normpath(tmp_path / "export" / answer.name)
        assert label.startswith(f"{tmp_path}/export/")
        assert answer.name.isprintable()
        if answer.arrived is not None:
            assert answer.arrived.path.parent == incoming
    assert set(tmp_path.rglob("*")) == before
    assert len(seen) == len(names)


def test_two_files_of_one_name_are_told_apart(tmp_path: Path) -> None:
    entries = [Raw(name=b"a.jpg", data=JPEG), Raw(name=b"./a.jpg"), Raw(name=b"a.jpg#2")]
    assert unpack(tmp_path, make_zip(entries)) == {
        "a.jpg": JPEG,
        "a.jpg#2": ReasonCode.DUPLICATE_NAME,
        "a.jpg#2#3": ReasonCode.DUPLICATE_NAME,
    }


@pytest.mark.parametrize("name", [b"__MACOSX/DCIM/._a.jpg", b".Trashes/a.jpg", b"DCIM/.DS_Store"])
def test_leftovers_of_systems_are_no_photos(tmp_path: Path, name: bytes) -> None:
    assert only_outcome(tmp_path, Raw(name=name)) is ReasonCode.NOT_A_PHOTO


# --- Entries that are not what they say ---


@pytest.mark.parametrize(
    "kind", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFIFO, stat.S_IFSOCK, stat.S_IFDIR]
)
def test_links_and_devices_are_refused(tmp_path: Path, kind: int) -> None:
    entry = Raw(data=b"/etc/passwd", unix_mode=kind | 0o777)
    assert only_outcome(tmp_path, entry) is ReasonCode.NOT_A_PHOTO


@pytest.mark.parametrize("flags", [1 << 0, 1 << 6, 1 << 13])
def test_locked_files_are_refused(tmp_path: Path, flags: int) -> None:
    assert only_outcome(tmp_path, Raw(flags=flags)) is ReasonCode.ARCHIVE_ENCRYPTED


@pytest.mark.parametrize("method", [1, 9, 12, 14, 93, 99])
def test_other_methods_are_refused(tmp_path: Path, method: int) -> None:
    entry = Raw(method=method)
    assert only_outcome(tmp_path, entry) is ReasonCode.ARCHIVE_METHOD_NOT_SUPPORTED


@pytest.mark.parametrize("method", [0, 8])
@pytest.mark.parametrize(
    "inner",
    [
        make_zip([Raw()]),
        make_zip([]),
        b"Rar!\x1a\x07\x01\x00" + bytes(2000),
        b"7z\xbc\xaf\x27\x1c",
        b"\x1f\x8b\x08",
        bytes(257) + b"ustar\0" + bytes(900),
    ],
)
def test_archives_in_archives_are_not_opened(tmp_path: Path, inner: bytes, method: int) -> None:
    # Whatever they are called.
    assert only_outcome(tmp_path, Raw(data=inner, method=method)) is ReasonCode.ARCHIVE_NESTED


@pytest.mark.parametrize(
    "entry",
    [
        Raw(data=JPEG, crc32=1),
        Raw(data=JPEG, byte_count=10),
        Raw(data=JPEG, byte_count=len(JPEG) + 1),
        Raw(data=JPEG, method=8, byte_count=10),
        Raw(data=JPEG, method=8, packed=deflate(JPEG)[:-4]),
        Raw(data=JPEG, method=8, packed=deflate(JPEG) + b"more"),
        Raw(data=JPEG, method=8, packed=b"\xff" * 50),
        Raw(data=JPEG, method=8, packed=b""),
        Raw(data=JPEG, packed_bytes=1 << 31),
        Raw(data=JPEG, at=1),
        Raw(data=JPEG, at=1 << 31),
        Raw(data=JPEG, local_name=b"other name.jpg..."),
        Raw(data=JPEG, local_name=b"short"),
        Raw(data=JPEG, method=8, local_method=0),
        Raw(data=JPEG, extra=b"\x01\x00\xff\xff"),
        Raw(data=JPEG, disk=3),
    ],
)
def test_what_does_not_agree_with_itself_is_damaged(tmp_path: Path, entry: Raw) -> None:
    archive = make_zip([Raw(name=b"good.jpg", data=JPEG), entry])
    result = unpack(tmp_path, archive)
    assert result["good.jpg"] == JPEG
    assert result[entry.name.decode()] is ReasonCode.ARCHIVE_ENTRY_DAMAGED


def test_a_file_with_more_bytes_than_it_says_stops_there(tmp_path: Path) -> None:
    # 10 bytes are announced and 40 MB would come: no more than a piece of them is made.
    entry = Raw(data=b"\xff\xd8\xff" + bytes(40 << 20), method=8, byte_count=10)
    archive = make_zip([entry])
    del entry
    tracemalloc.start()
    (result,) = unpack(tmp_path, archive).values()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert result is ReasonCode.ARCHIVE_ENTRY_DAMAGED
    assert peak < 8 << 20


# --- Bombs ---


def test_a_bomb_of_quoted_overlaps_is_refused_file_by_file(tmp_path: Path) -> None:
    bomb = make_quoted_overlap_bomb(layers=40, kernel_bytes=100_000)
    # It is a working one: Python's reader takes its first file for honest.
    with zipfile.ZipFile(io.BytesIO(bomb)) as archive:
        assert sum(entry.file_size for entry in archive.infolist()) > 3_900_000
    result = unpack(tmp_path, bomb)
    assert len(result) == 40
    assert set(result.values()) == {ReasonCode.ARCHIVE_ENTRY_DAMAGED}


def test_entries_that_name_the_same_bytes_are_refused_and_others_are_not(tmp_path: Path) -> None:
    entries = [
        Raw(name=b"a", data=JPEG),
        Raw(name=b"b", data=JPEG),
        Raw(name=b"b", data=JPEG, at=31 + len(JPEG)),
    ]
    result = unpack(tmp_path, make_zip(entries))
    assert result == {
        "a": JPEG,
        "b": ReasonCode.ARCHIVE_ENTRY_DAMAGED,
        "b#3": ReasonCode.ARCHIVE_ENTRY_DAMAGED,
    }


def test_a_file_that_would_grow_too_much_is_refused(tmp_path: Path) -> None:
    entry = Raw(data=bytes(90_000), method=8)
    assert only_outcome(tmp_path, entry, limits=SMALL) is ReasonCode.ARCHIVE_OVER_LIMIT
    # Small ones may: 9 kB of spaces in a log.
    small = Raw(data=bytes(9_000), method=8)
    assert only_outcome(tmp_path, small, limits=SMALL) == bytes(9_000)


def test_a_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    entry = Raw(data=bytes(100_001))
    assert only_outcome(tmp_path, entry, limits=SMALL) is ReasonCode.ARCHIVE_OVER_LIMIT


def test_all_files_together_may_not_grow_too_much(tmp_path: Path) -> None:
    # Each is under the bound of single files; ten are 90 kB out of some 2 kB.
    entries = [Raw(name=b"%d" % n, data=bytes(9_000), method=8) for n in range(10)]
    result = unpack(tmp_path, make_zip(entries), limits=SMALL)
    assert list(result.values()).count(ReasonCode.ARCHIVE_OVER_LIMIT) == 9
    assert result["0"] == bytes(9_000)


def test_all_files_together_may_not_be_too_large(tmp_path: Path) -> None:
    entries = [Raw(name=b"%d" % n, data=bytes(60_000)) for n in range(4)]
    result = unpack(tmp_path, make_zip(entries), limits=SMALL)
    over = ReasonCode.ARCHIVE_OVER_LIMIT
    assert result == {"0": bytes(60_000), "1": bytes(60_000), "2": over, "3": over}


@pytest.mark.parametrize("count", [None, 1])
def test_too_many_files_are_refused_at_once(tmp_path: Path, count: int | None) -> None:
    archive = make_zip([Raw(name=b"%d" % n, data=b"") for n in range(51)], count=count)
    assert refusal_of(tmp_path, archive, limits=SMALL) is ReasonCode.ARCHIVE_OVER_LIMIT


def test_a_directory_that_is_too_large_is_not_even_read(tmp_path: Path) -> None:
    archive = make_zip([Raw(name=b"%0999d" % n, data=b"") for n in range(30)])
    assert refusal_of(tmp_path, archive, limits=SMALL) is ReasonCode.ARCHIVE_OVER_LIMIT


# --- Archives that are none ---


@pytest.mark.parametrize(
    "archive",
    [
        b"",
        b"PK\x03\x04",
        b"Rar!" + bytes(100),
        make_zip([Raw()])[:-1],
        make_zip([Raw()]) + b"more",
        b"MZ before" + make_zip([Raw()]),
        make_zip([Raw()], count=2),
        b"PK\x03\x04" + end_part(1, 0, 4),
        b"PK\x03\x04" + bytes(46) + end_part(1, 46, 4),
        b"PK\x03\x04" + b"PK\x01\x02" + end_part(1, 4, 4),
    ],
)
def test_what_is_no_whole_zip_is_refused(tmp_path: Path, archive: bytes) -> None:
    assert refusal_of(tmp_path, archive) is ReasonCode.ARCHIVE_UNREADABLE


def test_one_part_of_several_is_told_as_such(tmp_path: Path) -> None:
    archive = bytearray(make_zip([Raw()]))
    archive[-18] = 1  # the number of this disk
    with pytest.raises(PhotoRejectedError, match="part of several"):
        unpack(tmp_path, bytes(archive))


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300, deadline=None
)
@given(data=st.data(), zip64=st.booleans())
def test_no_damage_does_more_than_be_told(tmp_path: Path, data: st.DataObject, zip64: bool) -> None:
    archive = bytearray(
        make_zip([Raw(data=JPEG[:600]), Raw(name=b"b.jpg", data=JPEG[:900], method=8)], zip64=zip64)
    )
    positions = st.integers(min_value=0, max_value=len(archive) - 1)
    for _ in range(data.draw(st.integers(min_value=1, max_value=6))):
        archive[data.draw(positions)] = data.draw(st.sampled_from([0, 1, 0x7F, 0x80, 0xFF]))
    if data.draw(st.booleans()):
        del archive[data.draw(positions) :]
    results: Unpacked = {}
    try:
        results = unpack(tmp_path, bytes(archive))
    except PhotoRejectedError as error:
        results["archive"] = error.reason.code
    # What is handed out is what was packed: its checksum says so.
    taken = {result for result in results.values() if isinstance(result, bytes)}
    assert taken <= {JPEG[:600], JPEG[:900]}


def test_the_plan_tells_without_unpacking(tmp_path: Path) -> None:
    path = tmp_path / "archive"
    path.write_bytes(make_zip([Raw(name=b"a.jpg"), Raw(name=b"../b.jpg")]))
    plan = read_plan(path)
    assert [(planned.name, planned.refusal is None) for planned in plan] == [
        ("a.jpg", True),
        ("unnamed-2", False),
    ]
    assert plan[1].refusal is not None
    assert "../b.jpg" in (plan[1].refusal.detail or "")
    assert list(tmp_path.iterdir()) == [path]
