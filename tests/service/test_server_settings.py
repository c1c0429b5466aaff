from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from service.access.rate_limit import Rate
from service.errors import CannotStartError
from service.server_settings import ServerSettings, parse_server_settings
from service.settings import read_server_settings
from service.store.blobs import BlobKind


def test_an_empty_environment_gives_the_defaults() -> None:
    assert parse_server_settings({"SKYPATROL_PORT": " ", "HOME": "/root"}) == ServerSettings()


def test_all_that_is_kept_lies_in_the_data_folder() -> None:
    settings = parse_server_settings({"SKYPATROL_DATA": "/srv/sky"})

    assert settings.is_embedded
    assert str(settings.database_url) == "sqlite:////srv/sky/store.sqlite"
    assert settings.blobs_url == "/srv/sky/blobs"
    assert settings.incoming == Path("/srv/sky/incoming")


def test_the_environment_is_taken() -> None:
    settings = parse_server_settings(
        {
            "SKYPATROL_DATABASE": "postgresql://sky:pw@db/sky",
            "SKYPATROL_BLOBS": "s3://city/blobs",
            "SKYPATROL_S3_SECRET_KEY": "hush",
            "SKYPATROL_PORT": "9000",
            "SKYPATROL_WORKER_PROCESSES": "0",
            "SKYPATROL_TIMEZONE": "Asia/Shanghai",
            "SKYPATROL_PRIVACY": "OFF",
            "SKYPATROL_CORS_ORIGINS": "https://map.city.example, http://localhost:3000",
            "SKYPATROL_RATE": "10:30",
            "SKYPATROL_OIDC_ISSUER": "https://login.city.example",
            "SKYPATROL_OIDC_AUDIENCE": "skypatrol",
            "SKYPATROL_OIDC_ROLES_CLAIM": "realm_access.roles",
            "SKYPATROL_KEEP_ORIGINAL_DAYS": "90",
            "SKYPATROL_LOG_LEVEL": "debug",
        }
    )

    assert settings.database_url == "postgresql://sky:pw@db/sky"
    assert settings.s3.secret_access_key == "hush"
    assert (settings.port, settings.worker_processes, settings.privacy) == (9000, 0, False)
    assert settings.timezone == ZoneInfo("Asia/Shanghai")
    assert settings.cors_origins == ("https://map.city.example", "http://localhost:3000")
    assert settings.limits.rate == Rate(per_second=10.0, burst=30.0)
    assert settings.oidc is not None
    assert settings.oidc.roles_claim == ("realm_access", "roles")
    assert settings.keep_days == {BlobKind.ORIGINAL: 90}
    assert settings.log_level == "DEBUG"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("SKYPATROL_DATABSE", "SKYPATROL_DATABSE: .*mean SKYPATROL_DATABASE"),
        ("SKYPATROL_KEEP_ORIGINALS_DAYS", "mean SKYPATROL_KEEP_ORIGINAL_DAYS"),
        ("SKYPATROL_XYZ", "no such setting$"),
    ],
)
def test_a_name_that_is_none_of_ours_is_told(name: str, told: str) -> None:
    with pytest.raises(CannotStartError, match=told):
        parse_server_settings({name: "sqlite:///x"})


def test_names_of_other_rooms_and_programs_are_passed_over() -> None:
    others = {"SKYPATROL_KEY": "sp_", "SKYPATROL_MODELS": "/m", "SKYPATROLX": "1", "HOME": "/"}
    assert parse_server_settings(others) == ServerSettings()


def test_secrets_do_not_print_themselves() -> None:
    settings = parse_server_settings(
        {"SKYPATROL_DATABASE": "postgresql://sky:hush@db/sky", "SKYPATROL_S3_SECRET_KEY": "hush"}
    )

    assert "hush" not in repr(settings)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "many"),
        ("PORT", "65536"),
        ("PORT", "-1"),
        ("PORT", "²"),
        ("WORKER_PROCESSES", "1000"),
        ("PRIVACY", "maybe"),
        ("LANG", "fr"),
        ("TIMEZONE", "Asia/Atlantis"),
        ("TIMEZONE", "/etc/passwd"),
        ("CORS_ORIGINS", "*"),
        ("CORS_ORIGINS", "https://*.city.example"),
        ("CORS_ORIGINS", "map.city.example"),
        ("CORS_ORIGINS", "https://map.city.example/"),
        ("RATE", "fast"),
        ("RATE", "0"),
        ("RATE", "5:0"),
        ("RATE", "nan"),
        ("RATE", "inf"),
        ("MAX_FILE_BYTES", "0"),
        ("OIDC_ISSUER", "https://login.city.example"),
        ("OUTGOING_ALLOWED", "0.0.0.0/0"),
        ("KEEP_CROP_DAYS", "soon"),
        ("LOG_FORMAT", "xml"),
    ],
)
def test_a_wrong_value_names_its_variable(name: str, value: str) -> None:
    with pytest.raises(CannotStartError, match=f"SKYPATROL_{name}"):
        parse_server_settings({f"SKYPATROL_{name}": value})


def test_only_public_keys_are_accepted_for_tokens() -> None:
    environment = {
        "SKYPATROL_OIDC_ISSUER": "https://login.city.example",
        "SKYPATROL_OIDC_AUDIENCE": "skypatrol",
        "SKYPATROL_OIDC_ALGORITHMS": "HS256",
    }
    with pytest.raises(CannotStartError, match="SKYPATROL_OIDC_ALGORITHMS"):
        parse_server_settings(environment)


def test_a_secret_may_lie_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "database").write_text("postgresql://sky:pw@db/sky\n")

    settings = read_server_settings({"SKYPATROL_DATABASE_FILE": str(tmp_path / "database")})

    assert settings.database_url == "postgresql://sky:pw@db/sky"


def test_a_secret_given_twice_or_not_at_all_is_told(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    path = str(tmp_path / "empty")

    with pytest.raises(CannotStartError, match="both set"):
        read_server_settings({"SKYPATROL_S3_SECRET_KEY": "a", "SKYPATROL_S3_SECRET_KEY_FILE": path})
    with pytest.raises(CannotStartError, match="is empty"):
        read_server_settings({"SKYPATROL_S3_SECRET_KEY_FILE": path})
    with pytest.raises(CannotStartError, match="SKYPATROL_DATABASE_FILE"):
        read_server_settings({"SKYPATROL_DATABASE_FILE": str(tmp_path / "absent")})
