"""What the surroundings say: the only place that reads or changes the environment."""

import os
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass

import cv2

from service.errors import CannotStartError


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Defaults that a machine may set for all commands.

    Attributes:
        model: Name in the registry or folder of a model, where `--model` is not given; None
            for the registry's own default.
        workers: Threads that decode photos while the detector works.
        language: Of reports and advice, `en` or `zh`.
    """

    model: str | None = None
    workers: int = 2
    language: str = "en"


def read_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """Return the settings that SKYPATROL_MODEL, SKYPATROL_WORKERS and SKYPATROL_LANG give.

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
    )


def quieten_video_decoder(environment: MutableMapping[str, str] = os.environ) -> None:
    """Keep the decoder's own lines about each damaged picture off the terminal.

    The receipt says what cannot be decoded. OpenCV offers no other way than this variable, which
    it reads when the first video is opened; -8 is FFmpeg's level "quiet".
    """
    environment.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    cv2.setLogLevel(0)  # what OpenCV says of the same pictures beside that
