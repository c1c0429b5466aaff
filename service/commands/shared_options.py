"""Options and arguments that several commands have, with the same words of help."""

from pathlib import Path
from typing import Annotated

import typer

from service.errors import CannotStartError
from service.translations import Language


def parse_path(text: str) -> Path:
    """Return an option's or argument's path.

    Raises:
        CannotStartError: The text is empty, as scripts give with a variable not set; of that Path
            would make the folder here.
    """
    if not text:
        raise CannotStartError("a PATH is empty; name a file or a folder")
    return Path(text)


def parse_language(text: str) -> str:
    """Return the name of a language that texts exist in.

    Raises:
        CannotStartError: There are no texts in it.
    """
    try:
        return Language(text).value
    except ValueError as error:
        known = ", ".join(Language)
        raise CannotStartError(f"--lang: {text!r} is none of {known}") from error


PhotoPaths = Annotated[
    list[Path],
    typer.Argument(metavar="PATH...", parser=parse_path, help="Photos, folders or whole cards."),
]
GroundOption = Annotated[
    Path | None, typer.Option(metavar="FILE.tif", help="Heights of the ground (DEM or DSM).")
]
CamerasOption = Annotated[
    Path | None, typer.Option(metavar="FILE.toml", help="Registered poses of fixed cameras.")
]
RefineOption = Annotated[
    bool,
    typer.Option("--refine/--no-refine", help="Put poses right from what overlapping photos show."),
]
