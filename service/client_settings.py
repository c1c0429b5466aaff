"""What the surroundings say to a client.

Apart from service/settings.py, which brings the whole service along (see service/entry.py): beside
that one, the only place that reads the environment.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import typer

from service.access.secrets import Secret
from service.errors import CannotStartError

# Answers come within seconds; where none comes for so long, no worker runs.
STANDARD_ANSWERS_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSettings:
    """What a machine that uploads may set, so that the command line stays short and bare of keys.

    Attributes:
        server: Address, where `--server` is not given.
        key: For the server.
        key_file: A file that holds it.
        state_folder: Where the state of uploads is kept; need not exist.
        language: Of what is shown, `en` or `zh`.
        answers_s: How long to wait for the next answer on a file that has arrived.
    """

    server: str | None
    key: Secret | None
    key_file: Path | None
    state_folder: Path
    language: str
    answers_s: float


def read_client_settings(environment: Mapping[str, str] = os.environ) -> ClientSettings:
    """Return the settings of SKYPATROL_SERVER, _KEY, _KEY_FILE, _UPLOADS, _LANG and _ANSWERS_S.

    Raises:
        CannotStartError: SKYPATROL_ANSWERS_S is no whole number.
    """
    answers_s = environment.get("SKYPATROL_ANSWERS_S") or f"{STANDARD_ANSWERS_S:.0f}"
    if not answers_s.isdecimal():
        raise CannotStartError(f"SKYPATROL_ANSWERS_S: {answers_s!r} is no whole number")
    key, key_file = environment.get("SKYPATROL_KEY"), environment.get("SKYPATROL_KEY_FILE")
    standard_folder = Path(typer.get_app_dir("skypatrol")) / "uploads"
    return ClientSettings(
        server=environment.get("SKYPATROL_SERVER") or None,
        key=Secret(key) if key else None,
        key_file=Path(key_file) if key_file else None,
        state_folder=Path(environment.get("SKYPATROL_UPLOADS") or standard_folder),
        language=environment.get("SKYPATROL_LANG") or "en",
        answers_s=float(answers_s),
    )
