"""What an upload knows survives it, is this user's own, and is one process's at a time."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from service.errors import CannotStartError
from service.upload.card import CardFile
from service.upload.flight_choice import choose_flight, files_of_flight
from service.upload.state import KnownFile, KnownFlight, UploadState, state_path

FLIGHT = KnownFlight(id="f1", declared={"name": "星期五", "kind": "drone"})
FILE = KnownFile(
    name="DCIM/照片.JPG", byte_count=5, modified_ns=10**18 + 1, sha256="ab" * 32, flight_id="f1"
)


def card_file(known: KnownFile) -> CardFile:
    return CardFile(
        path=Path("/card") / known.name,
        name=known.name,
        byte_count=known.byte_count,
        modified_ns=known.modified_ns,
        bulky=False,
    )


def test_everything_is_there_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "new" / "state.sqlite"
    state = UploadState(path)
    state.add_flight(FLIGHT)
    state.keep(FILE)
    state.keep(replace(FILE, upload_url="https://x/v1/uploads/1"))
    state.keep(replace(FILE, name="b.JPG"))
    state.keep_arrived([FILE])
    state.set_completed("f1", completed=True)
    state.close()
    state = UploadState(path)
    assert state.flights() == [replace(FLIGHT, completed=True)]
    assert state.files() == {
        FILE.name: replace(FILE, arrived=True),
        "b.JPG": replace(FILE, name="b.JPG"),
    }
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0
    state.close()


def test_an_arrival_of_other_bytes_is_none_of_the_file(tmp_path: Path) -> None:
    state = UploadState(tmp_path / "state.sqlite")
    state.add_flight(FLIGHT)
    state.keep(FILE)
    state.keep_arrived([replace(FILE, sha256="cd" * 32)])
    assert not state.files()[FILE.name].arrived
    state.close()


def test_a_flight_is_kept_once_as_it_was_first(tmp_path: Path) -> None:
    state = UploadState(tmp_path / "state.sqlite")
    state.add_flight(FLIGHT)
    state.add_flight(replace(FLIGHT, declared={"name": "other"}))
    assert state.flights() == [FLIGHT]
    state.close()


def test_one_process_has_it_at_a_time_and_a_killed_one_lets_go(tmp_path: Path) -> None:
    path = tmp_path / "state.sqlite"
    code = (
        "import sys, time\nfrom pathlib import Path\n"
        "from service.upload.state import UploadState\n"
        "state = UploadState(Path(sys.argv[1]))\nprint('open', flush=True)\ntime.sleep(600)\n"
    )
    command = [sys.executable, "-c", code, str(path)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, cwd=Path(__file__).resolve().parents[3]
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"open\n"
        with pytest.raises(CannotStartError, match="another upload of the same folder"):
            UploadState(path)
        other.kill()
    UploadState(path).close()


def test_a_file_that_is_no_state_is_told(tmp_path: Path) -> None:
    path = tmp_path / "state.sqlite"
    path.write_bytes(b"something else, and longer than the header of a database is" * 9)
    with pytest.raises(CannotStartError, match="cannot be used"):
        UploadState(path)


def test_a_state_is_that_of_server_and_folders(tmp_path: Path) -> None:
    one = state_path(tmp_path, server="https://a", roots=[Path("/x"), Path("/y")])
    assert one == state_path(tmp_path, server="https://a", roots=[Path("/y"), Path("/x")])
    assert one != state_path(tmp_path, server="https://b", roots=[Path("/x"), Path("/y")])
    assert one != state_path(tmp_path, server="https://a", roots=[Path("/x")])


def test_the_same_card_goes_on_with_its_flight_and_new_files_join_it() -> None:
    known = {FILE.name: replace(FILE, arrived=True)}
    done = replace(FLIGHT, completed=True)
    new = card_file(replace(FILE, name="new.JPG"))
    files = [card_file(FILE), new]
    assert choose_flight([done], known, files) == done
    assert files_of_flight(done, known, files) == (files, 0)


def test_another_card_in_the_same_place_is_another_flight() -> None:
    # The same name, as cameras count from 1 on each card, with other time and size.
    other = card_file(replace(FILE, modified_ns=5, byte_count=6))
    assert choose_flight([replace(FLIGHT, completed=True)], {FILE.name: FILE}, [other]) is None
    assert choose_flight([FLIGHT], {FILE.name: FILE}, [other]) is None


def test_a_card_put_in_again_finds_its_own_flight() -> None:
    later = replace(FLIGHT, id="f2")
    known = {FILE.name: FILE, "z.JPG": replace(FILE, name="z.JPG", flight_id="f2")}
    assert choose_flight([FLIGHT, later], known, [card_file(FILE)]) == FLIGHT


def test_an_upload_killed_before_its_first_hash_goes_on() -> None:
    assert choose_flight([FLIGHT], {}, [card_file(FILE)]) == FLIGHT
    assert choose_flight([replace(FLIGHT, completed=True)], {}, [card_file(FILE)]) is None
    assert choose_flight([], {}, [card_file(FILE)]) is None


def test_a_new_flight_has_no_files_of_earlier_ones() -> None:
    known = {
        FILE.name: replace(FILE, arrived=True),
        "half.JPG": replace(FILE, name="half.JPG"),
    }
    files = [card_file(FILE), card_file(known["half.JPG"])]
    new = replace(FLIGHT, id="f2")
    assert files_of_flight(new, known, files) == ([files[1]], 1)
