"""What the surroundings say: the only place that reads the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

PREFIX = "SKYPATROL_"


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
        ValueError: SKYPATROL_WORKERS is no whole number.
    """
    standard = Settings()
    return Settings(
        model=environment.get(f"{PREFIX}MODEL") or standard.model,
        workers=int(environment.get(f"{PREFIX}WORKERS") or standard.workers),
        language=environment.get(f"{PREFIX}LANG") or standard.language,
    )
