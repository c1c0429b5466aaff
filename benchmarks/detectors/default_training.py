"""ultralytics' own training, with all of its default settings, from the same initial weights.

    python -m benchmarks.detectors.default_training [--hours 1.1]

The peer of the benchmark of detection: it is trained once, and its weights are left as
safetensors in out/benchmarks/ultralytics-default, where `benchmarks.detection` reads them.
"""

import argparse
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

# ultralytics reads these on import: it must neither install packages nor ask the network.
os.environ.update(YOLO_AUTOINSTALL="false", YOLO_OFFLINE="true", ULTRALYTICS_SAFE_LOAD="true")

from torch import nn
from ultralytics.models.yolo.detect import DetectionTrainer
from ultralytics.nn.tasks import DetectionModel

from datasets.labelled_picture import LabelledPicture
from datasets.picture_set import PictureSet, read_picture_set
from datasets.sets.build import build_picture_set
from datasets.sets.recipe import read_recipe
from datasets.taxonomy import CLASS_NAMES
from training.export import write_trainable_form
from training.initial_weights import check_first_layer, load_initial_weights, read_initial_weights

ARCHITECTURE, HEAD_PREFIX = "yolov5n.yaml", "model.24."
INITIAL_WEIGHTS = Path("../shared/pretrained/yolov5n_coco_backbone_neck.safetensors")
PICTURES, RECIPE = Path("../shared/images"), Path("datasets/recipes/patrol.toml")
FOLDER = Path("out/benchmarks/ultralytics-default")
HOURS = 1.1  # what the baseline had


class DefaultTrainer(DetectionTrainer):  # type: ignore[misc]  # ultralytics is untyped
    """Their trainer; it alone starts from our weights, which it has no option for."""

    def get_model(self, cfg: Any = None, weights: Any = None, verbose: bool = True) -> nn.Module:  # noqa: ARG002
        """Return the network with the initial weights in it."""
        network = DetectionModel(cfg, nc=self.data["nc"], verbose=verbose)
        load_initial_weights(
            network, read_initial_weights(INITIAL_WEIGHTS), head_prefix=HEAD_PREFIX
        )
        return network


def build_patrol_set(folder: Path) -> PictureSet:
    """Return the picture set of the recipe, its pictures linked to."""
    build_picture_set(read_recipe(RECIPE), root=PICTURES, folder=folder, link=True)
    return read_picture_set(folder)


def write_yolo_folder(picture_set: PictureSet, folder: Path) -> Path:
    """Write train and val as ultralytics reads them; return the path of their description."""
    for picture in picture_set.pictures:
        if picture.split in ("train", "val"):
            stem = picture.path.replace("/", "__").rpartition(".")[0]
            suffix = Path(picture.path).suffix
            image = folder / picture.split / "images" / f"{stem}{suffix}"
            label = folder / picture.split / "labels" / f"{stem}.txt"
            image.parent.mkdir(parents=True, exist_ok=True)
            label.parent.mkdir(parents=True, exist_ok=True)
            image.symlink_to(picture_set.path_of(picture).resolve())
            label.write_text(format_yolo_label(picture), encoding="utf-8")
    names = "".join(f"  {index}: {name}\n" for index, name in enumerate(CLASS_NAMES))
    text = f"path: {folder.resolve()}\ntrain: train/images\nval: val/images\nnames:\n{names}"
    (folder / "data.yaml").write_text(text, encoding="utf-8")
    return folder / "data.yaml"


def format_yolo_label(picture: LabelledPicture) -> str:
    """Return a picture's boxes of the project's classes, a line each."""
    width_px, height_px = picture.width_px, picture.height_px
    return "".join(
        f"{CLASS_NAMES.index(box.class_name)} "
        f"{(box.x_min + box.x_max) / 2 / width_px:.6f} "
        f"{(box.y_min + box.y_max) / 2 / height_px:.6f} "
        f"{(box.x_max - box.x_min) / width_px:.6f} {(box.y_max - box.y_min) / height_px:.6f}\n"
        for box in picture.boxes
        if box.class_name in CLASS_NAMES
    )


def train_by_default(
    picture_set: PictureSet, out: Path, *, hours: float, work: Path, **options: Any
) -> Path:
    """Train, and return the folder with the trainable form of the best epoch.

    Args:
        picture_set: Its train and val pictures.
        out: Where the trainable form goes.
        hours: After which the training ends.
        work: For everything else.
        options: Of ultralytics, for tests; none means its defaults.
    """
    description = write_yolo_folder(picture_set, work / "pictures")
    initial = read_initial_weights(INITIAL_WEIGHTS)
    trainer = DefaultTrainer(
        overrides={
            "model": ARCHITECTURE,
            "data": str(description),
            "time": hours,
            "project": str((work / "runs").resolve()),
            "name": "default",
            "pretrained": False,
            "device": "cpu",
            "plots": False,
            **options,
        }
    )
    trainer.add_callback("on_train_start", lambda one: check_first_layer(one.model, initial))
    trainer.train()
    network = _read_own_checkpoint(Path(trainer.best))
    out.mkdir(parents=True, exist_ok=True)
    write_trainable_form(network, out)
    results = Path(trainer.save_dir) / "results.csv"
    shutil.copyfile(results, out / "results.csv")
    return out


def _read_own_checkpoint(path: Path) -> DetectionModel:
    import torch

    # A pickle, but one that was written a moment ago by this process.
    content = torch.load(path, map_location="cpu", weights_only=False)
    return (content["ema"] or content["model"]).float().eval()


def main() -> int:
    """Train from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hours", type=float, default=HOURS)
    parser.add_argument("--out", type=Path, default=FOLDER)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        picture_set = build_patrol_set(Path(work) / "set")
        print(train_by_default(picture_set, options.out, hours=options.hours, work=Path(work)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
