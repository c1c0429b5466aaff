"""A real server that the tests of a module share."""

from collections.abc import Iterator

import pytest

from benchmarks.running_server import RunningServer

# Tests' disks are small, and the tests are one caller.
ROOMY = {"SKYPATROL_RESERVE_BYTES": "0", "SKYPATROL_RATE": "100000:100000"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """Give a server without workers: files arrive and get no answer."""
    server = RunningServer(data=tmp_path_factory.mktemp("server"), variables=ROOMY)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """Give a server that the test may kill; it is not started yet."""
    server = RunningServer(data=tmp_path_factory.mktemp("own-server"), variables=ROOMY)
    yield server
    server.kill()
