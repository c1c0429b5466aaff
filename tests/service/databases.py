"""The store's two databases: a SQLite file, and a PostgreSQL server started for the tests."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine

from service.store.engine import open_engine
from service.store.migrate import upgrade

DATABASES = ("sqlite", "postgresql")
_numbers = count()


def _find_programs() -> Path | None:
    """Return the folder of PostgreSQL's newest programs that have PostGIS beside them."""
    versions = [
        path.parent
        for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")
        if list(Path("/usr/share/postgresql").glob(f"{path.parts[-3]}/extension/postgis.control"))
    ]
    return max(versions, default=None)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """Give the address of a new, empty PostgreSQL server, or skip where there is none."""
    programs = _find_programs()
    if programs is None:
        pytest.skip("PostgreSQL with PostGIS is not installed: see .ci/run")
    as_root = os.geteuid() == 0  # the server refuses to run as root
    user = "postgres" if as_root else None
    if as_root and "postgres" not in {entry.pw_name for entry in pwd.getpwall()}:
        pytest.skip("there is no user postgres to run PostgreSQL as")
    folder = Path(tempfile.mkdtemp(prefix="skypatrol-postgres-"))
    if as_root:
        shutil.chown(folder, "postgres")
    data, port = folder / "data", _free_port()
    initdb = [programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8"]
    subprocess.run(
        [*initdb, "--no-sync", "--locale=C.UTF-8"], check=True, user=user, capture_output=True
    )
    options = {"fsync": "off", "unix_socket_directories": folder, "port": port}
    settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [programs / "postgres", "-D", data, *settings], user=user, stdout=log, stderr=log
        )
    try:
        url = f"postgresql://postgres@127.0.0.1:{port}"
        _wait_for(f"{url}/postgres", server, folder / "log")
        _make_template(url)
        yield url
    finally:
        server.send_signal(signal.SIGQUIT)  # at once: what it holds is thrown away
        server.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for(url: str, server: "subprocess.Popen[bytes]", log: Path) -> None:
    psycopg = pytest.importorskip("psycopg")
    while True:
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError:
            assert server.poll() is None, log.read_text()
            time.sleep(0.1)
        else:
            return


def _make_template(url: str) -> None:
    _run_sql(url, "CREATE DATABASE migrated")
    engine = open_engine(f"{url}/migrated")
    upgrade(engine)
    engine.dispose()


def _run_sql(url: str, statement: str) -> None:
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:") + "/postgres")
    with engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql(statement)
    engine.dispose()


@pytest.fixture(params=DATABASES)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the address of a database without tables, on both kinds in turn."""
    return _new_url(request, tmp_path, template="template0")


@pytest.fixture(params=DATABASES)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the address of a migrated database without rows, on both kinds in turn."""
    url = _new_url(request, tmp_path, template="migrated")
    if url.startswith("sqlite"):
        engine = open_engine(url)
        upgrade(engine)
        engine.dispose()
    return url


def _new_url(request: pytest.FixtureRequest, folder: Path, *, template: str) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{folder / 'store.sqlite'}"
    server: str = request.getfixturevalue("postgres_server")
    name = f"test_{next(_numbers)}"
    _run_sql(server, f"CREATE DATABASE {name} TEMPLATE {template}")
    return f"{server}/{name}"


@pytest.fixture
def empty_engine(empty_url: str) -> Iterator[Engine]:
    """Give a database without tables."""
    engine = open_engine(empty_url, durable=False)
    yield engine
    engine.dispose()


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    """Give a migrated database without rows."""
    engine = open_engine(url, durable=False)
    yield engine
    engine.dispose()
