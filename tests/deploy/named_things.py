"""What deploy/ and the guides name: settings, commands; read out of text, for comparing."""

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path

from typer.main import get_command

from service.client_settings import read_client_settings
from service.command_line import app
from service.server_settings import PREFIX, SECRETS, parse_server_settings
from service.settings import read_settings

REPOSITORY = Path(__file__).resolve().parents[2]
DEPLOY = REPOSITORY / "deploy"
ADMINISTRATORS_GUIDE = REPOSITORY / "docs" / "administrators-guide.md"
OPERATORS_GUIDE = REPOSITORY / "docs" / "operators-guide.md"
GUIDES = (ADMINISTRATORS_GUIDE, OPERATORS_GUIDE)
_SETTING = re.compile(rf"\b{PREFIX}[A-Z0-9_]*[A-Z0-9]\b")
# Where a command may begin: a line, an indented comment, quoted in a sentence, behind what runs it.
_COMMAND = re.compile(
    r"(?:^(?:#\s{4,})?\s*|ExecStart=|\bsudo |\bexec api |&& |`)"
    r"(?:/opt/skypatrol/bin/)?skypatrol(?:-admin)? ([^\n`#|;&>]+)",
    re.MULTILINE,
)


def deploy_files() -> list[Path]:
    """Return all files below deploy/."""
    return sorted(path for path in DEPLOY.rglob("*") if path.is_file())


def settings_named(text: str) -> set[str]:
    """Return the names of settings in a text."""
    return set(_SETTING.findall(text))


class _Noting(dict[str, str]):
    """An environment that keeps which names were asked for."""

    def __init__(self, values: Mapping[str, str]) -> None:
        super().__init__(values)
        self.asked: set[str] = set()

    def get(self, name: str, default: str | None = None) -> str | None:  # type: ignore[override]
        self.asked.add(name)
        return super().get(name, default)


def settings_read() -> set[str]:
    """Return the names of settings that the code asks its environment for."""
    # Some of an issuer's are asked for only where there is an issuer.
    environment = _Noting(
        {f"{PREFIX}OIDC_ISSUER": "https://i.example", f"{PREFIX}OIDC_AUDIENCE": "a"}
    )
    parse_server_settings(environment)
    read_settings(environment)
    read_client_settings(environment)
    files = {f"{PREFIX}{secret}_FILE" for secret in SECRETS}
    return {name for name in environment.asked if name.startswith(PREFIX)} | files


def commands_in(text: str) -> Iterator[list[str]]:
    """Yield the words behind `skypatrol` of each command in a script or a unit."""
    for match in re.finditer(r'\["skypatrol", [^]]*\]', text):
        yield json.loads(match[0])[1:]
    for match in _COMMAND.finditer(text):
        words = shlex.split(match[1].rstrip("\\ "))
        if words and words[0] not in ("...", "$@"):
            yield words


def code_of(path: Path) -> str:
    """Return a file's text; of Markdown only what stands in fences or between backticks."""
    text = path.read_text("utf-8")
    if path.suffix != ".md":
        return text
    fences = re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    rest = re.sub(r"^```\w*\n.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    return "\n".join([*fences, *re.findall(r"`([^`\n]+)`", rest)])


def check_command(words: list[str]) -> str | None:
    """Return what of a command does not exist, or None where all of it does."""
    command: object = get_command(app)
    path = ["skypatrol"]
    for word in words:
        if word.startswith("--"):
            options = {name for parameter in command.params for name in parameter.opts}
            options |= {name for parameter in command.params for name in parameter.secondary_opts}
            if word.partition("=")[0] not in options | {"--help"}:
                return f"{' '.join(path)} has no {word}"
        elif subcommands := getattr(command, "commands", None):
            if word not in subcommands:
                return f"{' '.join(path)} has no command {word}"
            command = subcommands[word]
            path.append(word)
    return None
