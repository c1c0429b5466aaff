"""What the surroundings say: the only place that reads or changes the environment."""

import getpass
import os
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from pathlib import Path

import typer

from models.registry import Registry
from service.errors import CannotStartError
from service.server_settings import PREFIX, SECRETS, ServerSettings, parse_server_settings


def _standard_models_folder() -> Path:
    """Return where a person's programs keep such things, such as ~/.config/skypatrol/models."""
    return Path(typer.get_app_dir("skypatrol")) / "models"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Defaults that a machine may set for all commands.

    Attributes:
        model: Name in the registry or folder of a model, where `--model` is not given; None
            for the registry's own default.
        workers: Threads that decode photos while the detector works.
        language: Of reports and advice, `en` or `zh`.
        models: The bureau's own registry of models; need not exist.
    """

    model: str | None = None
    workers: int = 2
    language: str = "en"
    models: Path = field(default_factory=_standard_models_folder)

    @property
    def registry(self) -> Registry:
        """The bureau's own models and those of the package."""
        return Registry(own=self.models)


def read_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """Return the settings of SKYPATROL_MODEL, _MODELS, _WORKERS and _LANG.

    Raises:
        CannotStartError: SKYPATROL_WORKERS is no whole number.
    """
    standard = Settings()
    workers = environment.get("SKYPATROL_WORKERS") or str(standard.workers)
    if not workers.isdecimal():
        raise CannotStartError(f"SKYPATROL_WORKERS: {workers!r} is no whole number")
    return Settings(
        model=environment.get("SKYPATROL_MODEL") or standard.model,
        workers=int(workers),
        language=environment.get("SKYPATROL_LANG") or standard.language,
        models=Path(environment.get("SKYPATROL_MODELS") or standard.models),
    )


def read_user_name() -> str | None:
    """Return whom the system takes for its user; None where it does not know, as in containers."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return None


def silence_video_decoder(environment: MutableMapping[str, str] = os.environ) -> None:
    """Ask OpenCV's decoder to keep its own lines about each damaged picture off the terminal.

    OpenCV offers no other way than this variable, which it reads when the first video is opened;
    -8 is FFmpeg's level "quiet".
    """
    environment.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")


def read_server_settings(environment: Mapping[str, str] = os.environ) -> ServerSettings:
    """Return what `serve` and its workers run with.

    A secret may lie in a file, as container platforms hand it over: its variable's name with
    `_FILE` behind it then names the file.

    Raises:
        CannotStartError: A value is wrong, or a file cannot be read.
    """
    return parse_server_settings(_with_secret_files(environment))


def extend_environment(values: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a program that is started with these values on top."""
    return {**os.environ, **values}


def _with_secret_files(environment: Mapping[str, str]) -> Mapping[str, str]:
    values = dict(environment)
    for name in (f"{PREFIX}{secret}" for secret in SECRETS):
        path = environment.get(f"{name}_FILE")
        if not path:
            continue
        if environment.get(name):
            raise CannotStartError(f"{name} and {name}_FILE are both set; which one counts?")
        try:
            values[name] = Path(path).read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise CannotStartError(f"{name}_FILE: {path} cannot be read: {error}") from error
        if not values[name]:
            raise CannotStartError(f"{name}_FILE: {path} is empty")
    return values
