"""The API over a real socket: lines that are cut, clients at once, kills, a full disk."""

import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from service.access.roles import Role
from tests.service.api.live_api import LiveApi, raw_request, read_answer
from tests.service.api.sending import FLIGHT, declare, digest_of, send, sha256_of

PHOTO = bytes(range(256)) * 4096 * 8  # 8 MiB

pytestmark = pytest.mark.slow


@pytest.fixture
def api(tmp_path: Path, url: str) -> Iterator[LiveApi]:
    """Give an API that runs."""
    api = LiveApi(tmp_path, url, {})
    api.start()
    yield api
    api.close()


@pytest.fixture
def key(api: LiveApi) -> dict[str, str]:
    """Return the headers of an operator, whose flight is declared."""
    key = api.new_key(Role.OPERATOR)
    with api.client(key) as client:
        declare(client, key)
    return key


def put_head(key: dict[str, str], data: bytes, *, name: str = "a.jpg", **headers: str) -> bytes:
    path = f"/v1/flights/{FLIGHT}/files/{name}"
    return raw_request("PUT", path, key | digest_of(data) | headers, length=len(data))


def counts(api: LiveApi, key: dict[str, str]) -> dict[str, int]:
    with api.client(key) as client:
        found: dict[str, int] = client.get(f"/v1/flights/{FLIGHT}").json()["files"]
    return {name: count for name, count in found.items() if count}


def parts_left(api: LiveApi) -> list[str]:
    return [path.name for path in api.incoming.rglob("*.part")]


def wait_until(is_so: Callable[[], bool]) -> None:
    """Wait for what has to come; the run as a whole has a limit, this has none of its own."""
    while not is_so():
        time.sleep(0.02)


def test_a_line_that_is_cut_in_mid_body_leaves_nothing(api: LiveApi, key: dict[str, str]) -> None:
    with api.connect() as line:
        line.sendall(put_head(key, PHOTO) + PHOTO[: len(PHOTO) // 2])
        wait_until(lambda: bool(parts_left(api)))
    wait_until(lambda: not parts_left(api))
    assert counts(api, key) == {}
    assert not list((api.data / "blobs").rglob("*"))
    with api.client(key) as client:
        assert send(client, key, "a.jpg", PHOTO).status_code == 201
    assert "Traceback" not in api.log()


def test_killed_in_mid_body_nothing_counts_and_the_same_request_works(
    api: LiveApi, key: dict[str, str]
) -> None:
    with api.connect() as line:
        line.sendall(put_head(key, PHOTO) + PHOTO[: len(PHOTO) // 2])
        wait_until(lambda: bool(parts_left(api)))
        api.kill()
        api.start()
    assert counts(api, key) == {}
    with api.client(key) as client:
        assert send(client, key, "a.jpg", PHOTO).status_code == 201
        assert send(client, key, "a.jpg", PHOTO).status_code == 200
    assert counts(api, key) == {"received": 1}


def test_the_same_photo_from_two_clients_at_once_is_there_once(
    api: LiveApi, key: dict[str, str]
) -> None:
    begin = threading.Barrier(4)

    def put(_: int) -> int:
        with api.client(key) as client:
            begin.wait()
            return send(client, key, "a.jpg", PHOTO).status_code

    with ThreadPoolExecutor(4) as threads:
        statuses = list(threads.map(put, range(4)))

    assert set(statuses) <= {200, 201}
    assert 201 in statuses
    assert counts(api, key) == {"received": 1}
    assert parts_left(api) == []
    with api.client(key) as client:
        assert client.get(f"/v1/flights/{FLIGHT}").json()["last_event"] == 2


def test_different_photos_under_one_name_at_once_one_wins_whole(
    api: LiveApi, key: dict[str, str]
) -> None:
    begin = threading.Barrier(3)
    photos = [bytes([number]) * (1 << 20) for number in range(3)]

    def put(data: bytes) -> int:
        with api.client(key) as client:
            begin.wait()
            return send(client, key, "a.jpg", data).status_code

    with ThreadPoolExecutor(3) as threads:
        statuses = list(threads.map(put, photos))

    assert sorted(statuses) == [201, 409, 409]
    with api.client(key) as client:
        line = client.get(f"/v1/flights/{FLIGHT}/receipt").json()["files"][0]
    assert line["sha256"] == sha256_of(photos[statuses.index(201)])


def test_a_refusal_comes_before_the_body(api: LiveApi, key: dict[str, str]) -> None:
    with api.connect() as line:
        line.sendall(raw_request("PUT", "/v1/flights/x/files/a.jpg", {}, length=10**12) + b"x")
        answer = read_answer(line)
    assert answer.startswith(b"HTTP/1.1 401 ")
    assert b"connection: close" in answer.lower()
    with api.connect() as line:
        head = put_head(key, PHOTO, name="%2e%2e/a.jpg")
        line.sendall(head.replace(str(len(PHOTO)).encode(), b"2000000000") + b"x")
        answer = read_answer(line)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"unsafe_name" in answer


def test_a_client_that_asks_before_it_sends_is_told(api: LiveApi, key: dict[str, str]) -> None:
    expect = {"Expect": "100-continue"}
    with api.connect() as line:
        line.sendall(put_head(key, PHOTO, **expect))
        assert line.recv(1000).startswith(b"HTTP/1.1 100 ")
        line.sendall(PHOTO)
        assert read_answer(line).startswith(b"HTTP/1.1 201 ")
    with api.connect() as line:  # these bytes are there: no need to send them
        line.sendall(put_head(key, PHOTO, **expect))
        assert read_answer(line).startswith(b"HTTP/1.1 200 ")


def test_a_body_without_length_is_refused(api: LiveApi, key: dict[str, str]) -> None:
    chunked = {"Transfer-Encoding": "chunked"}
    path = f"/v1/flights/{FLIGHT}/files/a.jpg"
    with api.connect() as line:
        line.sendall(raw_request("PUT", path, key | digest_of(b"x") | chunked) + b"1\r\nx\r\n")
        assert read_answer(line).startswith(b"HTTP/1.1 411 ")


def test_a_body_that_is_longer_than_told_is_cut_there(api: LiveApi, key: dict[str, str]) -> None:
    with api.connect() as line:
        line.sendall(put_head(key, b"hello\n") + b"hello\n" + b"and more")
        assert read_answer(line).startswith(b"HTTP/1.1 201 ")
    assert counts(api, key) == {"received": 1}


def test_a_full_disk_is_told_and_nothing_half_stays(tmp_path: Path, url: str) -> None:
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", folder],
        capture_output=True,
        check=False,
    )
    if mounted.returncode != 0:
        pytest.skip(f"no small disk can be made here: {mounted.stderr.decode().strip()}")
    api = LiveApi(folder, url, {})
    try:
        api.start()
        key = api.new_key(Role.OPERATOR)
        with api.client(key) as client:
            declare(client, key)
            assert send(client, key, "a.jpg", PHOTO).status_code == 201
            full = send(client, key, "b.jpg", PHOTO[::-1])
            assert (full.status_code, full.json()["code"]) == (507, "disk_full")
            # Refused by what is announced; now what tells no more than there is room for.
            with ThreadPoolExecutor(2) as threads:
                many = [bytes([one]) * (3 << 20) for one in range(2)]
                at_once = list(
                    threads.map(lambda one: send(client, key, f"{one[0]}.jpg", one), many)
                )
            assert {one.status_code for one in at_once} <= {201, 507}
        kept = sum(one.status_code == 201 for one in at_once)
        assert counts(api, key) == {"received": 1 + kept}
        assert parts_left(api) == []
        assert "Traceback" not in api.log()
    finally:
        api.close()
        subprocess.run(["umount", "-l", folder], check=True)


def test_asked_to_stop_it_ends_streams_and_lets_uploads_end(
    api: LiveApi, key: dict[str, str]
) -> None:
    with api.connect() as stream, api.connect() as line:
        stream.sendall(raw_request("GET", f"/v1/flights/{FLIGHT}/events", key))
        while b"event: created" not in stream.recv(65536):
            pass
        line.sendall(put_head(key, PHOTO) + PHOTO[: len(PHOTO) // 2])
        wait_until(lambda: bool(parts_left(api)))
        with ThreadPoolExecutor(1) as threads:
            stopped = threads.submit(api.stop)
            line.sendall(PHOTO[len(PHOTO) // 2 :])
            assert read_answer(line).startswith(b"HTTP/1.1 201 ")
            assert stopped.result() in (0, -signal.SIGTERM)  # the server ends by what it was sent
        assert read_answer(stream).endswith(b"0\r\n\r\n")  # the stream ended, and was not cut
    assert "Traceback" not in api.log()
