from dataclasses import replace
from pathlib import Path

import pytest

from service.access.secrets import Secret
from service.deployment import open_deployment
from service.errors import CannotStartError
from service.server_settings import ServerSettings
from service.store.engine import open_engine
from service.store.migrate import current, downgrade
from service.store.schema import HEAD


def make_outdated(settings: ServerSettings) -> None:
    """Take a store's tables away, which leaves the mark of no version."""
    engine = open_engine(settings.database_url)
    downgrade(engine, "base")
    engine.dispose()


def test_a_new_deployment_has_a_store_and_a_place_for_bytes(tmp_path: Path) -> None:
    deployment = open_deployment(ServerSettings(data=tmp_path / "data"))

    assert current(deployment.engine) == HEAD
    sha256 = deployment.blobs.put_bytes(b"photo")
    assert (tmp_path / "data" / "blobs" / sha256[:2] / sha256).read_bytes() == b"photo"
    deployment.close()


def test_what_is_kept_is_for_the_services_user_alone(tmp_path: Path) -> None:
    open_deployment(ServerSettings(data=tmp_path / "data")).close()

    assert (tmp_path / "data").stat().st_mode & 0o077 == 0


def test_an_outdated_store_is_refused_with_what_to_do(tmp_path: Path, url: str) -> None:
    settings = ServerSettings(data=tmp_path / "data", database=Secret(url))
    make_outdated(settings)

    with pytest.raises(CannotStartError, match="run skypatrol store upgrade"):
        open_deployment(settings)
    with pytest.raises(CannotStartError, match="run skypatrol store upgrade"):
        open_deployment(settings, upgrade_embedded=True)


def test_the_embedded_store_is_upgraded_where_that_is_asked_for(tmp_path: Path) -> None:
    settings = ServerSettings(data=tmp_path / "data")
    open_deployment(settings).close()
    make_outdated(settings)

    with pytest.raises(CannotStartError, match="run skypatrol store upgrade"):
        open_deployment(settings)
    deployment = open_deployment(settings, upgrade_embedded=True)
    assert current(deployment.engine) == HEAD
    deployment.close()


def test_a_store_that_cannot_be_reached_is_told_without_its_password(tmp_path: Path) -> None:
    settings = ServerSettings(
        data=tmp_path / "data", database=Secret("postgresql://sky:hush@127.0.0.1:1/sky")
    )
    with pytest.raises(CannotStartError, match="the store cannot be opened") as caught:
        open_deployment(settings)
    assert "hush" not in str(caught.value)


def test_a_data_folder_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "data").touch()

    with pytest.raises(CannotStartError, match="SKYPATROL_DATA"):
        open_deployment(ServerSettings(data=tmp_path / "data"))


def test_a_file_that_is_no_store_is_told(tmp_path: Path) -> None:
    settings = ServerSettings(data=tmp_path)
    (tmp_path / "store.sqlite").write_bytes(b"something else" * 1000)

    with pytest.raises(CannotStartError, match="the store cannot be opened"):
        open_deployment(settings)
    with pytest.raises(CannotStartError, match="blobs"):
        open_deployment(replace(settings, blobs="ftp://city/blobs"))
