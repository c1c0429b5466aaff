"""What an administrator types, on a folder with SQLite and on S3 with PostgreSQL."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from service.access.errors import NotAuthenticatedError
from service.access.keys import verify_key
from service.deployment import Deployment, open_deployment
from service.errors import CannotStartError
from service.operating.turn import turn
from service.server_settings import ServerSettings
from service.store.access_log import read_access_log
from service.store.engine import open_engine, reading
from service.store.keys import read_key
from service.store.schema import HEAD
from tests.service.operating.conftest import NewSettings, RunCommand
from tests.service.operating.filled_store import damaged_bytes, fill, read_rows

KEY = re.compile(r"sp_([0-9a-f]{16})_[A-Za-z0-9_-]{43}\n")
SQUARE = [[[8.0, 47.0], [8.1, 47.0], [8.1, 47.1], [8.0, 47.1], [8.0, 47.0]]]


def roles_of(deployment: Deployment, key: str) -> set[str]:
    """Return the roles that a key opens now."""
    with reading(deployment.engine) as session:
        caller = verify_key(
            key.strip(), find_key=lambda id: read_key(session, id), now=datetime.now(UTC)
        )
    return set(caller.roles)


def test_a_new_store_gets_its_tables_and_goes_back_and_forth(
    new_settings: NewSettings, run: RunCommand
) -> None:
    settings = new_settings()
    code, told, _ = run(settings, "store", "status")
    assert (code, "none: no tables" in told, "skypatrol store upgrade" in told) == (2, True, True)

    assert run(settings, "store", "upgrade")[0] == 0
    assert run(settings, "store", "status")[0] == 0
    code, told, _ = run(settings, "store", "downgrade", "--to", "0001", "--yes")
    assert (code, told) == (0, f"the store is at version 0001; it was at {HEAD}\n")
    assert run(settings, "keys", "list")[0] == 1  # of another version: nothing is done
    assert run(settings, "store", "upgrade")[0] == 0
    assert run(settings, "keys", "list") == (0, "", "")


def test_nothing_is_taken_back_unless_somebody_says_yes(
    deployment: Deployment, run: RunCommand
) -> None:
    code, told, _ = run(deployment.settings, "store", "downgrade", "--to", "base")
    assert code == 1
    assert "ALL that the store holds" in told
    assert run(deployment.settings, "store", "status")[0] == 0


@pytest.mark.parametrize("version", ["9999", "head", "-1"])
def test_versions_that_nobody_knows_are_refused(
    version: str, deployment: Deployment, run: RunCommand
) -> None:
    code, _, complaint = run(deployment.settings, "store", "downgrade", f"--to={version}", "--yes")
    assert (code, complaint) == (1, f"skypatrol: --to: there is no version {version!r}\n")


def test_a_slip_in_a_folders_name_makes_no_store(tmp_path: Path, run: RunCommand) -> None:
    settings = ServerSettings(data=tmp_path / "slip")
    for command in (("backup", tmp_path / "backup"), ("purge",), ("keys", "list")):
        code, _, complaint = run(settings, *command)
        assert code == 1
        assert "holds no store" in complaint
    assert not settings.data.exists()
    assert not (tmp_path / "backup").exists()


def test_a_backup_goes_to_a_new_place_and_nowhere_else(
    deployment: Deployment, new_settings: NewSettings, tmp_path: Path, run: RunCommand
) -> None:
    fill(deployment)
    destination = tmp_path / "backup"
    code, told, complaint = run(deployment.settings, "backup", destination, "--keep", "2")
    assert (code, complaint) == (0, "")
    assert "3 files were new" in told
    assert run(deployment.settings, "restore", destination, "--check")[0] == 0

    target = new_settings()
    code, told, complaint = run(target, "restore", destination)
    assert (code, complaint) == (0, "")
    restored = open_deployment(target)
    ours = frozenset({"backup", "restore"})
    assert read_rows(restored.engine, without=ours) == read_rows(deployment.engine, without=ours)
    assert damaged_bytes(restored.engine, restored.blobs) == []
    restored.close()

    code, _, complaint = run(target, "restore", destination)
    assert code == 1
    assert "the store is in use" in complaint


def test_a_backup_without_some_bytes_says_which(
    deployment: Deployment, tmp_path: Path, run: RunCommand
) -> None:
    lost = fill(deployment)[1]
    deployment.blobs.delete(lost)
    code, _, complaint = run(deployment.settings, "backup", tmp_path / "backup")
    assert (code, complaint) == (2, f"lost: {lost}\n")


def test_one_of_backup_and_purge_at_a_time(
    deployment: Deployment, tmp_path: Path, run: RunCommand
) -> None:
    with turn(deployment.engine):
        for command in (("backup", tmp_path / "backup"), ("purge",)):
            code, _, complaint = run(deployment.settings, *command)
            assert code == 1
            assert "a backup or a purge of" in complaint


def test_a_purge_is_told_before_it_is_done(deployment: Deployment, run: RunCommand) -> None:
    code, previewed, _ = run(deployment.settings, "purge", "--dry-run")
    with reading(deployment.engine) as session:
        assert read_access_log(session) == []
    assert run(deployment.settings, "purge") == (code, previewed, "") == (0, previewed, "")
    with reading(deployment.engine) as session:
        [(_, access)] = read_access_log(session)
    assert access.who.startswith("command:")


def test_a_key_is_printed_alone_and_opens_until_it_is_revoked(
    deployment: Deployment, run: RunCommand
) -> None:
    settings = deployment.settings
    code, first, told = run(settings, "keys", "create", "field 7", "--role", "operator", "--days=9")
    found = KEY.fullmatch(first)
    assert (code, bool(found)) == (0, True)
    assert found is not None
    assert first.strip() not in told
    assert roles_of(deployment, first) == {"operator"}

    _, second, _ = run(settings, "keys", "replace", found[1])
    assert roles_of(deployment, second) == roles_of(deployment, first) == {"operator"}
    assert run(settings, "keys", "replace", found[1])[0] == 1  # two are enough

    assert run(settings, "keys", "revoke", f"sp_{found[1]}")[0] == 0
    with pytest.raises(NotAuthenticatedError):
        roles_of(deployment, first)
    assert found[1] not in run(settings, "keys", "list")[1]
    assert f"{found[1]}  field 7" in run(settings, "keys", "list", "--all")[1]
    with reading(deployment.engine) as session:
        log = [access for _, access in read_access_log(session)]
    assert [access.action for access in log] == ["create_key", "create_key", "revoke_key"]
    assert not any(first[20:].strip() in str(access) for access in log)


def test_keys_that_cannot_be_are_refused_without_repeating_them(
    deployment: Deployment, run: RunCommand
) -> None:
    settings, secret = deployment.settings, f"sp_{'0' * 16}_{'x' * 43}"
    for command in (
        ("create", "", "--role=admin"),
        ("create", "a\nb", "--role=admin"),
        ("create", "ann"),
        ("create", "ann", "--role=king"),
        ("create", "ann", "--role=admin", "--days=0"),
        ("revoke", "0" * 16),
        ("replace", "0" * 16),
        ("revoke", secret),
    ):
        code, told, complaint = run(settings, "keys", *command)
        assert (code, told) == (1, "")
        assert secret[20:] not in complaint
    assert run(settings, "keys", "list", "--all")[1] == ""


def test_a_grid_is_imported_whole_and_its_units_are_told(
    deployment: Deployment, tmp_path: Path, run: RunCommand
) -> None:
    def cell(code: str, unit: str | None) -> dict[str, object]:
        shape = {"type": "Polygon", "coordinates": SQUARE}
        properties = {"grid_id": code, "responsible_unit": unit}
        return {"type": "Feature", "properties": properties, "geometry": shape}

    path = tmp_path / "grid.geojson"
    cells = [cell("1", "west"), cell("2", "west"), cell("3", None)]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": cells}))
    units = "      1  (no unit)\n      2  west\n"
    settings = deployment.settings

    assert run(settings, "grids", "import", path, "--dry-run") == (0, f"read 3 cells\n{units}", "")
    assert run(settings, "grids", "units") == (0, "", "")
    assert run(settings, "grids", "import", path)[:2] == (0, f"imported 3 cells\n{units}")
    path.write_text('{"type": "FeatureCollection", "features": []}')
    assert run(settings, "grids", "import", path)[0] == 1
    assert run(settings, "grids", "units") == (0, units, "")

    for unit, warned in (("west", False), ("wets", True)):
        _, _, told = run(settings, "keys", "create", unit, "--role=operator", f"--unit={unit}")
        assert ("no grid cell belongs to wets" in told) is warned


def test_no_command_tells_the_databases_password(
    tmp_path: Path, run: RunCommand, new_settings: NewSettings
) -> None:
    settings = new_settings()
    if settings.database is None:
        pytest.skip("SQLite has none")
    secret = "g3heim-&-lang"
    addresses = (
        f"postgresql://postgres:{secret}@127.0.0.1:1/nowhere",
        f"postgresql://postgres:{secret}@127.0.0.1:notaport/nowhere",
        settings.database.reveal().replace("postgres@", f"nobody-here:{secret}@"),
    )
    for address in addresses:
        wrong = ServerSettings(data=tmp_path, database=type(settings.database)(address))
        for command in (("store", "status"), ("keys", "list"), ("doctor",), ("backup", tmp_path)):
            code, told, complaint = run(wrong, *command)
            assert code != 0
            assert secret not in told + complaint
            assert "%26" not in told + complaint
    with pytest.raises(CannotStartError) as refused:
        open_engine(addresses[1])
    assert secret not in str(refused.value)
