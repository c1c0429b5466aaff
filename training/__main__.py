"""The training commands: `python -m training --help`.

They need the `train` extra, so they are apart from the `skypatrol` command.
"""

import json
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from datasets.scenes.tiles import write_training_tiles
from models.registry import REGISTRY_FOLDER, read_model
from training.config import read_training_config
from training.pictures import read_splits, write_packed_pictures
from training.recipe import plan_manifest
from training.score_model import score_model

try:
    from training.export import export_model, read_checkpoint, write_trainable_form
    from training.train import train
except ModuleNotFoundError as error:
    raise SystemExit(f"training needs {error.name}: run make install-all") from error

app = typer.Typer(no_args_is_help=True, pretty_exceptions_show_locals=False)

RUNS = Path("out/training/runs")
# Seeds of rendered scenes by split; those of the demo and of tests are far smaller.
TILE_SEEDS = {
    "train": range(100_000, 100_150),
    "val": range(200_000, 200_008),
    "test": range(300_000, 300_008),
}


@app.command("pack")
def pack(pictures: Path, folder: Path, longest_side_px: int = 512) -> None:
    """Copy labelled pictures, scaled down, into a folder that training reads fast."""
    write_packed_pictures(read_splits(pictures), folder, longest_side_px=longest_side_px)


@app.command("render")
def render(folder: Path, tile_px: int = 512) -> None:
    """Render scenes and write their tiles with labels."""
    for split, seeds in TILE_SEEDS.items():
        write_training_tiles(folder, seeds=seeds, split=split, tile_px=tile_px)


@app.command("train")
def run_training(config: Path) -> None:
    """Train as a TOML file says; the weights end up in out/training/runs/NAME."""
    typer.echo(train(read_training_config(config), RUNS))


@app.command("weights")
def write_weights(checkpoint: Path, folder: Path) -> None:
    """Write a checkpoint's weights as safetensors, for a next run to start from."""
    folder.mkdir(parents=True, exist_ok=True)
    write_trainable_form(read_checkpoint(checkpoint), folder)


@app.command("export")
def export(checkpoint: Path, name: str, version: str) -> None:
    """Write a checkpoint into the package's models in its deployable and trainable forms."""
    manifest = plan_manifest(name, version)
    typer.echo(export_model(checkpoint, REGISTRY_FOLDER / manifest.id, manifest=manifest).folder)


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
