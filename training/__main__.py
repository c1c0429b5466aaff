"""The training commands that `skypatrol` does not have yet: `python -m training --help`.

They need the `train` extra, so they are apart from the `skypatrol` command.
"""

import json
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from models.registry import read_model
from training.score_model import score_model

app = typer.Typer(no_args_is_help=True, pretty_exceptions_show_locals=False)


@app.callback()
def main() -> None:
    """Training itself is `skypatrol train`."""


@app.command("score")
def score(
    name: str,
    real: Path = Path("../shared/images"),
    rendered: Path = Path("out/training/rendered"),
    on: Annotated[str, typer.Option(help="Date on the card, YYYY-MM-DD.")] = "",
) -> None:
    """Set thresholds on the val split, score on the test split, write manifest and card."""
    day = date.fromisoformat(on) if on else date.today()
    scores = score_model(read_model(name), real=real, rendered=rendered, day=day)
    typer.echo(json.dumps([asdict(kind) for kind in scores], indent=1))


if __name__ == "__main__":
    app()
