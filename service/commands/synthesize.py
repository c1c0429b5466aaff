"""The command `skypatrol dataset synthesize`: rendered or pasted pictures from a plan."""

import tomllib
from pathlib import Path
from typing import Annotated

import typer

from datasets.errors import DatasetError
from datasets.pasting.pasted_set import write_pasted_set
from datasets.pasting.plan import parse_pasting_plan
from datasets.picture_set import PictureSet
from datasets.scenes.tile_plan import parse_rendering_plan
from datasets.scenes.tile_set import write_tile_set
from datasets.taxonomy import CLASS_NAMES
from service.commands.shared_options import parse_path
from service.errors import CannotStartError

MAX_PLAN_BYTES = 1_000_000


def synthesize(
    plan: Annotated[
        Path, typer.Argument(metavar="PLAN.toml", parser=parse_path, help="What to make.")
    ],
    *,
    out: Annotated[
        Path, typer.Option(metavar="DIR", parser=parse_path, help="Folder for the picture set.")
    ],
    root: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder of the real pictures that crops come from."),
    ] = None,
) -> None:
    """Make training pictures: rendered scenes, or real crops on real aerial pictures.

    A run that was broken off goes on where it stopped, if it is started again with the same plan.
    """
    try:
        made = _make(read_plan(plan), out, root)
    except (DatasetError, OSError) as error:
        raise CannotStartError(str(error)) from error
    typer.echo(describe_set(made))


def read_plan(path: Path) -> str:
    """Return the text of a plan's file.

    Raises:
        DatasetError: It is too large, or no text.
        OSError: It cannot be read.
    """
    if path.stat().st_size > MAX_PLAN_BYTES:
        raise DatasetError(f"{path} is larger than {MAX_PLAN_BYTES} bytes: no plan")
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise DatasetError(f"{path} is no text in UTF-8") from error


def _make(text: str, out: Path, root: Path | None) -> PictureSet:
    try:
        kind = tomllib.loads(text).get("kind")
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise DatasetError(f"the plan is no TOML: {error}") from error
    if kind == "rendered":
        return write_tile_set(parse_rendering_plan(text), out)
    if kind == "pasted":
        if root is None:
            raise DatasetError("pasted pictures need --root, the folder of the real pictures")
        return write_pasted_set(parse_pasting_plan(text), root, out)
    raise DatasetError(f'kind = {kind!r} in the plan: write "rendered" or "pasted"')


def describe_set(made: PictureSet) -> str:
    """Return what was made, in one line."""
    empty = sum(not picture.boxes for picture in made.pictures)
    boxes = [box.class_name for picture in made.pictures for box in picture.boxes]
    counts = ", ".join(f"{boxes.count(name)} {name}" for name in CLASS_NAMES)
    return f"{made.folder}: {len(made.pictures)} pictures, {empty} of them empty; boxes: {counts}"
