"""Deployments: SQLite with a folder of bytes, and PostgreSQL with S3."""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Protocol

import pytest
from sqlalchemy import create_engine

from service.access.secrets import Secret
from service.command_line import main
from service.deployment import Deployment, open_deployment
from service.server_settings import PREFIX, ServerSettings
from tests.service.blob_places import new_bucket, s3_options, s3_server

__all__ = ["new_bucket", "s3_options", "s3_server"]


class NewSettings(Protocol):
    """Gives the settings of a place where nothing is yet, but tables if they are wanted."""

    def __call__(self, *, migrated: bool = False) -> ServerSettings: ...


KINDS = ("sqlite and folder", "postgresql and s3")
_numbers = count()


@pytest.fixture(params=KINDS)
def new_settings(request: pytest.FixtureRequest, tmp_path: Path) -> NewSettings:
    """Return a function that gives the settings of a place where nothing is yet."""

    def make(*, migrated: bool = False) -> ServerSettings:
        data = tmp_path / f"data-{next(_numbers)}"
        if request.param == KINDS[0]:
            return ServerSettings(data=data)
        return ServerSettings(
            data=data,
            database=Secret(
                _new_database(request.getfixturevalue("postgres_server"), migrated=migrated)
            ),
            blobs=f"s3://{request.getfixturevalue('new_bucket')()}/city",
            s3=request.getfixturevalue("s3_options"),
        )

    return make


@pytest.fixture
def deployment(new_settings: NewSettings) -> Iterator[Deployment]:
    """Give a deployment with an empty store."""
    deployment = open_deployment(new_settings(migrated=True))
    yield deployment
    deployment.close()


@pytest.fixture
def new_database(postgres_server: str) -> Callable[[], str]:
    """Return a function that makes a migrated PostgreSQL database and gives its address."""
    return lambda: _new_database(postgres_server, migrated=True)


def environment_of(settings: ServerSettings) -> dict[str, str]:
    """Return the variables that name a deployment."""
    values = {
        "DATA": str(settings.data),
        "DATABASE": settings.database and settings.database.reveal(),
        "BLOBS": settings.blobs,
        "S3_ENDPOINT": settings.s3.endpoint,
        "S3_REGION": settings.s3.region,
        "S3_ACCESS_KEY": settings.s3.access_key_id,
        "S3_SECRET_KEY": settings.s3.secret_access_key,
    }
    return {f"{PREFIX}{name}": value for name, value in values.items() if value}


class RunCommand(Protocol):
    """Runs `skypatrol` with the settings of a deployment."""

    def __call__(self, settings: ServerSettings, *arguments: object) -> tuple[int, str, str]: ...


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> RunCommand:
    """Return a function that gives exit code, standard output and standard error."""

    def run_command(settings: ServerSettings, *arguments: object) -> tuple[int, str, str]:
        with monkeypatch.context() as context:
            for name, value in environment_of(settings).items():
                context.setenv(name, value)
            capsys.readouterr()
            with pytest.raises(SystemExit) as stopped:
                main([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        code = stopped.value.code
        assert code is None or isinstance(code, int)
        return code or 0, printed.out, printed.err

    return run_command


def _new_database(server: str, *, migrated: bool) -> str:
    template = "migrated" if migrated else "template0"
    name = f"operating_{next(_numbers)}"
    engine = create_engine(f"{server.replace('postgresql:', 'postgresql+psycopg:')}/postgres")
    with engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql(
            f"CREATE DATABASE {name} TEMPLATE {template}"
        )
    engine.dispose()
    return f"{server}/{name}"
