import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from service.access.secrets import Secret
from tests.service.serving.served import serving

pytestmark = pytest.mark.slow
API = "service.serving.api_process"


def refuse(*options: str, data: Path, **environment: str) -> str:
    """Return the one line with which `serve` refuses to start."""
    command = [sys.executable, "-m", "service", "serve", "--data", str(data), "--workers", "0"]
    done = subprocess.run(
        [*command, *options], capture_output=True, text=True, env=environment, timeout=60
    )
    assert done.returncode == 1, done.stderr
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    return line


def wait_for_end(process_id: int) -> None:
    """Return when a process is no more, or is a corpse that nobody has counted yet."""
    status = Path(f"/proc/{process_id}/status")
    for _ in range(600):
        try:
            if "State:\tZ" in status.read_text():
                return
        except OSError:
            return
        time.sleep(0.05)
    raise AssertionError(f"process {process_id} still runs")


def test_the_first_start_shows_an_admin_key_once_and_never_logs_it(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as first:
        assert first.key is not None
        secret = first.key.reveal()
        with first.client() as client:
            assert client.get("/healthz").status_code == 200
            assert client.get("/v1/keys").status_code == 200
        assert first.stop() == 0
    with serving(tmp_path / "data") as second:
        assert second.key is None
        with second.client(first.key) as client:
            assert client.get("/v1/keys").status_code == 200
        second.stop()

    assert not any(secret[20:] in line for line in [*first.logged, *second.logged])
    assert sum(secret in line for line in [*first.told, *second.told]) == 1
    assert not any(
        secret[20:].encode() in path.read_bytes()
        for path in (tmp_path / "data").rglob("*")
        if path.is_file()
    )


def test_it_runs_on_postgresql_too(tmp_path: Path, url: str) -> None:
    with serving(tmp_path / "data", environment={"SKYPATROL_DATABASE": url}) as served:
        with served.client() as client:
            assert client.get("/v1/keys").status_code == 200
        assert served.stop(signal.SIGINT) == 0


def test_log_lines_are_json_with_the_requests_id(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as served:
        with served.client() as client:
            answer = client.get("/v1/keys?secret=hush", headers={"X-Request-Id": "trace-0001"})
        served.wait_for_line("trace-0001")
        served.stop()

    assert answer.headers["X-Request-Id"] == "trace-0001"
    lines = [json.loads(line) for line in served.logged]
    (access,) = [line for line in lines if line["logger"] == "service.api.access"]
    # The name is none that the route knows; its value is nobody's business all the same.
    assert (access["path"], access["status"], access["process_name"]) == ("/v1/keys", 422, "api")
    assert not any("hush" in line for line in served.logged)


def test_an_api_that_dies_is_started_again_behind_the_same_port(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as served:
        with served.client() as client:
            assert client.get("/healthz").status_code == 200
            os.kill(served.find_process(API), signal.SIGKILL)
            # The socket is the supervisor's: a new connection waits for the new process.
        with served.client() as client:
            assert client.get("/healthz").status_code == 200
        served.wait_for_line("api was ended by SIGKILL")
        assert served.stop() == 0


def test_nothing_is_left_when_the_supervisor_is_killed(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as served:
        with served.client() as client:
            client.get("/healthz")
        api = served.find_process(API)
        port = int(served.url.rpartition(":")[2])
        served.stop(signal.SIGKILL)
        wait_for_end(api)
    with serving(tmp_path / "data", "--port", str(port)) as again:
        assert again.url.endswith(f":{port}")


def test_a_second_signal_does_not_wait(tmp_path: Path) -> None:
    with serving(tmp_path / "data", "--stop-timeout", "600") as served:
        with served.client() as client:
            client.get("/healthz")
        api = served.find_process(API)
        os.kill(api, signal.SIGSTOP)  # it hears no signal but the last
        served.process.send_signal(signal.SIGTERM)
        served.process.send_signal(signal.SIGTERM)
        # Two that arrive at once count as one.
        for _ in range(600):
            if served.process.poll() is not None:
                break
            served.process.send_signal(signal.SIGTERM)
            try:
                served.process.wait(0.1)
            except subprocess.TimeoutExpired:
                continue
        assert served.process.returncode == 1
        wait_for_end(api)


def test_what_does_not_end_in_time_is_killed(tmp_path: Path) -> None:
    with serving(tmp_path / "data", "--stop-timeout", "1") as served:
        with served.client() as client:
            client.get("/healthz")
        os.kill(served.find_process(API), signal.SIGSTOP)
        assert served.stop() == 1
    assert any("still running and killed now: api" in line for line in served.logged)


def test_a_port_in_use_is_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        line = refuse("--port", str(taken.getsockname()[1]), data=tmp_path / "data")

    assert "Address already in use" in line
    assert "SKYPATROL_PORT" in line
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({"SKYPATROL_RATE": "fast"}, "SKYPATROL_RATE"),
        ({"SKYPATROL_RAET": "50"}, "SKYPATROL_RATE"),
        ({"SKYPATROL_HOST": "nowhere.invalid"}, "SKYPATROL_HOST"),
        ({"SKYPATROL_GROUND": "/nothing/here.tif"}, "SKYPATROL_GROUND"),
        ({"SKYPATROL_DATABASE": "mysql://db/sky"}, "sqlite:// or postgresql://"),
        (
            {"SKYPATROL_DATABASE": "postgresql://sky:hush@127.0.0.1:1/sky"},
            "the store cannot be opened",
        ),
        ({"SKYPATROL_BLOBS": "s3://"}, "bucket"),
    ],
)
def test_a_wrong_setting_is_one_line(
    tmp_path: Path, environment: dict[str, str], told: str
) -> None:
    line = refuse("--port", "0", data=tmp_path / "data", **environment)

    assert told in line
    assert "hush" not in line


def test_a_data_folder_that_cannot_be_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert "SKYPATROL_DATA" in refuse("--port", "0", data=tmp_path / "file" / "data")
    # A folder that root may not write to either.
    assert "SKYPATROL_DATA" in refuse("--port", "0", data=Path("/proc/1/skypatrol"))


def test_a_store_of_a_newer_version_is_one_line_and_stays_as_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with serving(folder) as served:
        served.stop()
    with closing(sqlite3.connect(folder / "store.sqlite")) as store, store:
        store.execute("UPDATE alembic_version SET version_num = '9999'")

    line = refuse("--port", "0", data=folder)

    assert "the store is at version 9999" in line
    assert "newer" in line
    with closing(sqlite3.connect(folder / "store.sqlite")) as store:
        assert store.execute("SELECT version_num FROM alembic_version").fetchall() == [("9999",)]


def test_the_first_key_is_none_of_the_logs_even_where_logs_tell_all(tmp_path: Path) -> None:
    with serving(tmp_path / "data", environment={"SKYPATROL_LOG_LEVEL": "debug"}) as served:
        key = served.key
        assert isinstance(key, Secret)
        with served.client() as client:
            client.get("/v1/keys", params={"cursor": key.reveal()})
        served.stop()
    assert not any(key.reveal()[20:] in line for line in served.logged)
