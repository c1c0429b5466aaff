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


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSettings:
    """What a machine that uploads may set, so that the command line stays short and bare of keys.

    Attributes:
        server: Address, where `--server` is not given.
        key: For the server.
        key_file: A file that holds it.
        state_folder: Where the state of uploads is kept; need not exist.
        language: Of what is shown, `en` or `zh`.
    """

    server: str | None
    key: Secret | None
    key_file: Path | None
    state_folder: Path
    language: str


def read_client_settings(environment: Mapping[str, str] = os.environ) -> ClientSettings:
    """Return the settings of SKYPATROL_SERVER, _KEY, _KEY_FILE, _UPLOADS and _LANG."""
    key, key_file = environment.get("SKYPATROL_KEY"), environment.get("SKYPATROL_KEY_FILE")
    standard_folder = Path(typer.get_app_dir("skypatrol")) / "uploads"
    return ClientSettings(
        server=environment.get("SKYPATROL_SERVER") or None,
        key=Secret(key) if key else None,
        key_file=Path(key_file) if key_file else None,
        state_folder=Path(environment.get("SKYPATROL_UPLOADS") or standard_folder),
        language=environment.get("SKYPATROL_LANG") or "en",
    )
