"""The API over a real store and a real folder, without a socket."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from service.access.keys import mint_key
from service.access.roles import Role
from service.access.secrets import Secret
from service.api.app import create_app
from service.deployment import Deployment, open_deployment
from service.server_settings import Limits, ServerSettings
from service.store.engine import writing
from service.store.keys import add_key

NewKey = Callable[..., dict[str, str]]


@dataclass
class TestClock:
    """A clock that tests set."""

    __test__ = False
    now: datetime = field(default_factory=lambda: datetime(2026, 12, 1, 8, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.now

    def monotonic_s(self) -> float:
        return self.now.timestamp()

    def advance(self, **duration: float) -> None:
        self.now += timedelta(**duration)


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """Return the address of the store: a SQLite file to be.

    Tests of what depends on the database return the fixture `url` in place of it, which is one of
    each kind in turn.
    """
    return f"sqlite:///{tmp_path / 'store.sqlite'}"


@pytest.fixture
def server_settings(tmp_path: Path, database_url: str) -> ServerSettings:
    """Return settings of a deployment in a temporary folder."""
    # Tests' disks are small.
    limits = replace(Limits(), reserve_bytes=0)
    return ServerSettings(data=tmp_path / "data", database=Secret(database_url), limits=limits)


@pytest.fixture
def deployment(server_settings: ServerSettings) -> Iterator[Deployment]:
    """Give a deployment without keys or flights."""
    deployment = open_deployment(server_settings)
    yield deployment
    deployment.close()


@pytest.fixture
def clock() -> TestClock:
    """Return the app's clock."""
    return TestClock()


@pytest.fixture
def app(deployment: Deployment, clock: TestClock) -> FastAPI:
    """Return the whole API."""
    return create_app(deployment, clock=clock, monotonic_s=clock.monotonic_s)


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    """Give a client without credentials; what the app fails at is an answer, as for any client."""
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def new_key(deployment: Deployment, clock: TestClock) -> NewKey:
    """Return a function that adds a key and returns the headers to call with."""

    def make(
        *roles: Role, units: Collection[str] | None = None, name: str = "somebody"
    ) -> dict[str, str]:
        minted = mint_key(name=name, roles=roles or (Role.ADMIN,), units=units, now=clock.now)
        with writing(deployment.engine) as session:
            add_key(session, minted.key)
        return {"Authorization": f"Bearer {minted.text.reveal()}"}

    return make
