"""What the surroundings say: the only place that reads or changes the environment."""

import getpass
import os
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import typer

from models.registry import Registry
from service.errors import CannotStartError


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


def quieten_video_decoder(environment: MutableMapping[str, str] = os.environ) -> None:
    """Keep the decoder's own lines about each damaged picture off the terminal.

    The receipt says what cannot be decoded. OpenCV offers no other way than this variable, which
    it reads when the first video is opened; -8 is FFmpeg's level "quiet".
    """
    environment.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    cv2.setLogLevel(0)  # what OpenCV says of the same pictures beside that
