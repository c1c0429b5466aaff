"""Cards to a real server: over cut lines, through kills, with files that change."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest

from benchmarks.bad_line import BadLine, running_line
from benchmarks.running_server import REPOSITORY, RunningServer
from benchmarks.uploads.kept import read_kept
from service.file_hash import hash_file
from service.upload.errors import UploadStoppedError
from service.upload.job import UploadResult
from tests.service.upload.cards import (
    RecordingScreen,
    upload_card,
    write_card,
    write_photo,
)
from tests.service.upload.conftest import ROOMY

pytestmark = pytest.mark.slow


def hashes_of(card: Path) -> dict[str, str]:
    files = [path for path in card.rglob("*") if path.is_file()]
    return {path.relative_to(card).as_posix(): hash_file(path)[0] for path in files}


def receipt_of(server: RunningServer, flight: str) -> dict[str, Mapping[str, object]]:
    answer = httpx.get(
        f"{server.url}/v1/flights/{flight}/receipt?limit=1000",
        headers={"Authorization": f"Bearer {server.key}"},
    )
    return {line["name"]: line for line in answer.json()["files"]}


def arrived(server: RunningServer, result: UploadResult) -> dict[str, object]:
    """Return the hashes of files that the server has, by name."""
    lines = receipt_of(server, result.flight_id).values()
    return {str(line["name"]): line["sha256"] for line in lines if line["state"] != "announced"}


def line_to(server: RunningServer, **qualities: object) -> BadLine:
    return BadLine(to_host="127.0.0.1", to_port=server.port, **qualities)  # type: ignore[arg-type]


def url_of(line: BadLine) -> str:
    return f"http://127.0.0.1:{line.port}"


def test_a_card_arrives_and_is_told_so_the_next_time(server: RunningServer, tmp_path: Path) -> None:
    card = write_card(tmp_path / "card", photos=4, byte_count=300_000, seed=1)
    write_photo(card / "DCIM" / "河边 %41?#.JPG", 5000, seed=1)
    (card / "DCIM" / "empty.JPG").write_bytes(b"")
    result = upload_card(card, server, tmp_path / "state", name="星期五")
    assert arrived(server, result) == hashes_of(card)
    assert (result.files, result.arrived, result.sent_bytes) == (6, 6, 4 * 300_000 + 5000)
    assert result.exit_code == 2  # there is no worker: no file has its answer yet
    assert result.receipt.unanswered == 6

    screen = RecordingScreen()
    again = upload_card(card, server, tmp_path / "state", screen=screen)
    assert (again.flight_id, again.sent_bytes, again.arrived) == (result.flight_id, 0, 6)
    assert screen.notes[:2] == ["goes_on", "all_there_before"]


def test_all_arrives_over_a_line_that_is_cut_all_the_time(
    server: RunningServer, tmp_path: Path
) -> None:
    card = write_card(tmp_path / "card", photos=12, byte_count=400_000, seed=2)
    with running_line(line_to(server, cut_every=300_000, seed=5)) as line:
        result = upload_card(card, server, tmp_path / "state", url=url_of(line))
    assert arrived(server, result) == hashes_of(card)
    assert line.cuts > 8  # 12 photos are 16 times what passes between two cuts
    assert not result.troubles


def test_a_large_file_goes_on_from_where_it_was_cut(server: RunningServer, tmp_path: Path) -> None:
    card = tmp_path / "card"
    card.mkdir()
    content = b"PK\x03\x04" + os.urandom(6_000_000)
    (card / "card.zip").write_bytes(content)
    with running_line(line_to(server, cut_every=1_000_000)) as line:
        result = upload_card(card, server, tmp_path / "state", url=url_of(line))
    assert arrived(server, result) == hashes_of(card)
    assert line.cuts >= 5
    assert line.passed_bytes < 1.5 * len(content)


def test_a_server_killed_in_the_middle_loses_and_doubles_nothing(
    own_server: RunningServer, tmp_path: Path
) -> None:
    own_server.start()
    card = write_card(tmp_path / "card", photos=16, byte_count=500_000, seed=3)
    with running_line(line_to(own_server, rate=2e6)) as line:

        def kill_in_the_middle() -> None:
            while line.passed_bytes < 3_000_000:
                time.sleep(0.01)
            own_server.kill()
            own_server.start()

        killer = threading.Thread(target=kill_in_the_middle)
        killer.start()
        result = upload_card(card, own_server, tmp_path / "state", url=url_of(line))
        killer.join()
    kept = read_kept(own_server.data, hashes_of(card))
    assert (kept.lost, kept.doubled, kept.damaged) == (0, 0, 0)
    assert result.arrived == 16


def test_a_client_killed_in_the_middle_goes_on(server: RunningServer, tmp_path: Path) -> None:
    card = write_card(tmp_path / "card", photos=10, byte_count=500_000, seed=4)
    surroundings = os.environ | {
        "SKYPATROL_KEY": server.key,
        "SKYPATROL_UPLOADS": str(tmp_path / "state"),
        "SKYPATROL_ANSWERS_S": "0",
        "PYTHONPATH": str(REPOSITORY),
    }
    with running_line(line_to(server, rate=2e6)) as line:
        command = [sys.executable, "-m", "service", "upload", str(card), "--json"]
        command += ["--server", url_of(line)]
        with subprocess.Popen(command, env=surroundings, stdout=subprocess.PIPE) as client:
            while line.passed_bytes < 2_500_000:
                time.sleep(0.01)
            client.send_signal(signal.SIGKILL)
        done = subprocess.run(
            command, env=surroundings, capture_output=True, text=True, check=False
        )
    summary = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (2, "")
    assert (summary["files"], summary["arrived"]) == (10, 10)
    lines = receipt_of(server, summary["flight"])
    assert {name: line["sha256"] for name, line in lines.items()} == hashes_of(card)
    # At most what the three senders had under way was sent twice.
    assert line.passed_bytes < 5_000_000 + 3 * 500_000 + 200_000
    everything = done.stdout + "".join(
        path.read_bytes().decode("latin-1") for path in (tmp_path / "state").iterdir()
    )
    assert server.key not in everything


def test_ctrl_c_stops_at_once_and_keeps_all(server: RunningServer, tmp_path: Path) -> None:
    card = write_card(tmp_path / "card", photos=6, byte_count=500_000, seed=14)
    surroundings = os.environ | {
        "SKYPATROL_KEY": server.key,
        "SKYPATROL_UPLOADS": str(tmp_path / "state"),
        "PYTHONPATH": str(REPOSITORY),
    }
    with running_line(line_to(server, rate=1e6)) as line:
        command = [sys.executable, "-m", "service", "upload", str(card), "--server", url_of(line)]
        with subprocess.Popen(
            command, env=surroundings, stderr=subprocess.PIPE, text=True
        ) as client:
            while line.passed_bytes < 1_000_000:
                time.sleep(0.01)
            client.send_signal(signal.SIGINT)
            _, told = client.communicate()
    assert client.returncode == 130
    assert "the same command goes on from here" in told
    assert "Traceback" not in told


def test_two_clients_with_the_same_card_keep_each_byte_once(
    own_server: RunningServer, tmp_path: Path
) -> None:
    own_server.start()
    card = write_card(tmp_path / "card", photos=8, byte_count=400_000, seed=5)
    results = list[UploadResult]()

    def run(name: str) -> None:
        results.append(upload_card(card, own_server, tmp_path / name))

    clients = [threading.Thread(target=run, args=(name,)) for name in ("one", "two")]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    assert len({result.flight_id for result in results}) == 2
    for result in results:
        assert arrived(own_server, result) == hashes_of(card)
    blobs = [path for path in (own_server.data / "blobs").rglob("*") if path.is_file()]
    assert sorted(path.name for path in blobs) == sorted(hashes_of(card).values())


def test_a_revoked_key_stops_it_with_words_and_a_new_one_goes_on(
    server: RunningServer, tmp_path: Path
) -> None:
    admin = {"Authorization": f"Bearer {server.key}"}
    wanted = {"name": "laptop", "roles": ["operator"]}
    made = httpx.post(f"{server.url}/v1/keys", headers=admin, json=wanted).json()
    card = write_card(tmp_path / "card", photos=8, byte_count=400_000, seed=6)
    with running_line(line_to(server, rate=1e6)) as line:

        def revoke() -> None:
            while line.passed_bytes < 1_500_000:
                time.sleep(0.01)
            httpx.delete(f"{server.url}/v1/keys/{made['facts']['id']}", headers=admin)

        revoker = threading.Thread(target=revoke)
        revoker.start()
        with pytest.raises(UploadStoppedError) as stopped:
            upload_card(card, server, tmp_path / "state", url=url_of(line), key=made["key"])
        revoker.join()
        assert stopped.value.message.key == "key_unknown"
        second = httpx.post(f"{server.url}/v1/keys", headers=admin, json=wanted).json()["key"]
        result = upload_card(card, server, tmp_path / "state", url=url_of(line), key=second)
    assert arrived(server, result) == hashes_of(card)
    assert result.sent_bytes < 8 * 400_000


def test_a_quota_that_is_used_up_says_when_to_come_back(
    own_server: RunningServer, tmp_path: Path
) -> None:
    own_server.variables = ROOMY | {"SKYPATROL_QUOTA_BYTES_A_DAY": "1000000"}
    own_server.start()
    card = write_card(tmp_path / "card", photos=5, byte_count=400_000, seed=7)
    with pytest.raises(UploadStoppedError) as stopped:
        upload_card(card, own_server, tmp_path / "state", senders=1)
    assert stopped.value.message.key == "come_back_later"
    assert "quota" in str(stopped.value.message.facts["detail"])
    own_server.kill()
    own_server.variables = ROOMY
    own_server.start()
    result = upload_card(card, own_server, tmp_path / "state")
    assert arrived(own_server, result) == hashes_of(card)
    assert result.sent_bytes == 3 * 400_000


def test_a_full_disk_is_waited_for(own_server: RunningServer, tmp_path: Path) -> None:
    own_server.variables = ROOMY | {"SKYPATROL_RESERVE_BYTES": str(1 << 60)}
    own_server.start()
    card = write_card(tmp_path / "card", photos=2, byte_count=400_000, seed=8)
    screen = RecordingScreen()

    def make_room() -> None:
        screen.waits.wait(60)
        own_server.kill()
        own_server.variables = ROOMY
        own_server.start()

    helper = threading.Thread(target=make_room)
    helper.start()
    result = upload_card(card, own_server, tmp_path / "state", screen=screen)
    helper.join()
    assert "server_busy" in screen.waiting
    assert arrived(own_server, result) == hashes_of(card)


def test_a_rate_limit_is_kept_and_all_arrives(own_server: RunningServer, tmp_path: Path) -> None:
    own_server.variables = ROOMY | {"SKYPATROL_RATE": "20:5"}
    own_server.start()
    card = write_card(tmp_path / "card", photos=40, byte_count=2000, seed=9)
    result = upload_card(card, own_server, tmp_path / "state", senders=6)
    assert (result.arrived, result.troubles) == (40, {})


def test_a_thousand_small_files_are_announced_in_pages(
    server: RunningServer, tmp_path: Path
) -> None:
    card = write_card(tmp_path / "card", photos=1100, byte_count=500, seed=10)
    before = (server.data / "serve.log").read_text(encoding="utf-8").count("files 200")
    result = upload_card(card, server, tmp_path / "state")
    after = (server.data / "serve.log").read_text(encoding="utf-8").count("files 200")
    assert result.arrived == 1100
    assert 1 <= after - before < 60
    again = upload_card(card, server, tmp_path / "state")
    assert again.sent_bytes == 0


def test_new_files_join_the_flight_and_changed_ones_are_told(
    server: RunningServer, tmp_path: Path
) -> None:
    card = write_card(tmp_path / "card", photos=3, byte_count=20_000, seed=11)
    first = upload_card(card, server, tmp_path / "state")
    write_photo(card / "DCIM" / "NEW.JPG", 20_000, seed=11_500)
    write_photo(card / "DCIM" / "DJI_0001.JPG", 21_000, seed=11_501)
    second = upload_card(card, server, tmp_path / "state")
    assert second.flight_id == first.flight_id
    assert set(arrived(server, second)) == {f"DCIM/{name}.JPG" for name in (
        "DJI_0000", "DJI_0001", "DJI_0002", "NEW"
    )}  # fmt: skip
    assert {name: why.key for name, why in second.troubles.items()} == {
        "DCIM/DJI_0001.JPG": "name_taken"
    }
    assert second.exit_code == 2


def test_another_card_in_the_same_folder_is_another_flight(
    server: RunningServer, tmp_path: Path
) -> None:
    card = write_card(tmp_path / "card", photos=2, byte_count=20_000, seed=12)
    first = upload_card(card, server, tmp_path / "state")
    for path in card.rglob("*.JPG"):
        path.unlink()
    write_card(card, photos=2, byte_count=20_001, seed=13)
    screen = RecordingScreen()
    second = upload_card(card, server, tmp_path / "state", screen=screen)
    assert second.flight_id != first.flight_id
    assert screen.notes[0] == "another_card"
    assert arrived(server, second) == hashes_of(card)

    write_photo(card / "DCIM" / "LATER.JPG", 20_000, seed=13_500)
    third = upload_card(card, server, tmp_path / "state", new_flight=True, name="afternoon")
    assert set(arrived(server, third)) == {"DCIM/LATER.JPG"}
    assert (third.earlier, third.flight_name) == (2, "afternoon")
    with pytest.raises(UploadStoppedError) as stopped:
        upload_card(card, server, tmp_path / "state", new_flight=True)
    assert stopped.value.message.key == "nothing_new"


def test_a_file_that_grows_while_it_is_sent_arrives_whole_or_not_at_all(
    server: RunningServer, tmp_path: Path
) -> None:
    card = write_card(tmp_path / "card", photos=1, byte_count=600_000, seed=15)
    growing = card / "DCIM" / "DJI_0000.JPG"
    with running_line(line_to(server, rate=400_000)) as line:

        def grow() -> None:
            while line.passed_bytes < 200_000:
                time.sleep(0.01)
            with growing.open("ab") as end:
                end.write(b"the rest of the photo")

        writer = threading.Thread(target=grow)
        writer.start()
        result = upload_card(card, server, tmp_path / "state", url=url_of(line))
        writer.join()
    assert arrived(server, result) == hashes_of(card)
    assert growing.stat().st_size == 600_021


def test_a_file_that_never_rests_is_given_up_and_the_others_arrive(
    server: RunningServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = write_card(tmp_path / "card", photos=3, byte_count=300_000, seed=16)
    restless = card / "DCIM" / "DJI_0001.JPG"

    def hash_and_grow(path: Path) -> tuple[str, int]:
        """Somebody writes on after each reading: no race with the sender decides."""
        known = hash_file(path)
        if path == restless:
            with restless.open("ab") as end:
                end.write(b"x")
        return known

    monkeypatch.setattr("service.upload.prepare.hash_file", hash_and_grow)
    result = upload_card(card, server, tmp_path / "state")
    assert {name: why.key for name, why in result.troubles.items()} == {
        "DCIM/DJI_0001.JPG": "file_changes"
    }
    assert set(arrived(server, result)) == {"DCIM/DJI_0000.JPG", "DCIM/DJI_0002.JPG"}
    assert result.exit_code == 2


def test_an_address_on_the_right_machine_that_is_no_service(
    server: RunningServer, tmp_path: Path
) -> None:
    card = write_card(tmp_path / "card", photos=1, byte_count=2000, seed=17)
    with pytest.raises(UploadStoppedError) as stopped:
        upload_card(card, server, tmp_path / "state", url=f"{server.url}/nowhere")
    assert stopped.value.message.key in ("refused_all", "no_skypatrol")


def test_a_card_without_photos_sends_nothing(server: RunningServer, tmp_path: Path) -> None:
    (tmp_path / "card").mkdir()
    (tmp_path / "card" / "notes.txt").write_text("nothing to see")
    done = subprocess.run(
        [sys.executable, "-m", "service", "upload", str(tmp_path / "card"), "--server", server.url],
        env=os.environ | {"SKYPATROL_KEY": server.key, "SKYPATROL_UPLOADS": str(tmp_path / "s"),
                          "PYTHONPATH": str(REPOSITORY)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "there is nothing to send in" in done.stderr
