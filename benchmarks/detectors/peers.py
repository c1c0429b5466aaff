"""Other ways to find objects with given weights: whole pictures by ultralytics, and SAHI."""

import logging
import os
from collections.abc import Callable
from pathlib import Path

# ultralytics reads these on import: quiet, no packages installed, no network.
os.environ.update(YOLO_VERBOSE="false", YOLO_AUTOINSTALL="false", YOLO_OFFLINE="true")

import numpy as np
import torch
from sahi import AutoDetectionModel
from sahi.predict import get_sliced_prediction
from ultralytics import YOLO

from models.detector import Detections
from models.suppression import no_detections
from models.ultralytics_detector import read_trainable_network
from training.evaluation.search import LOWEST_SCORE

Find = Callable[[Path], Detections]


def write_checkpoint(folder: Path, path: Path) -> Path:
    """Write a trainable form as the pickle that ultralytics and SAHI ask for; return its path."""
    network = read_trainable_network(folder)
    network.args, network.task = {}, "detect"
    torch.save({"model": network, "ema": None, "epoch": -1, "train_args": {}}, path)
    return path


def make_whole(checkpoint: Path, *, side_px: int) -> Find:
    """Return ultralytics' own way: the whole picture, letterboxed once."""
    model = YOLO(str(checkpoint))

    def find(picture: Path) -> Detections:
        boxes = model.predict(
            str(picture), imgsz=side_px, conf=LOWEST_SCORE, verbose=False, device="cpu"
        )[0].boxes
        return Detections(
            boxes=boxes.xyxy.numpy().astype(np.float32).reshape(-1, 4),
            scores=boxes.conf.numpy().astype(np.float32),
            class_ids=boxes.cls.numpy().astype(np.int32),
        )

    return find


def make_sahi(checkpoint: Path, *, side_px: int, overlap: float) -> Find:
    """Return SAHI's way: slices and the whole picture, merged as it does by itself."""
    # It says at every picture that it merges by NMS, the lowest score being low.
    logging.getLogger("sahi").setLevel(logging.ERROR)
    peer = AutoDetectionModel.from_pretrained(
        model_type="ultralytics",
        model_path=str(checkpoint),
        confidence_threshold=LOWEST_SCORE,
        device="cpu",
        image_size=side_px,
    )

    def find(picture: Path) -> Detections:
        found = get_sliced_prediction(
            str(picture),
            peer,
            slice_height=side_px,
            slice_width=side_px,
            overlap_height_ratio=overlap,
            overlap_width_ratio=overlap,
            verbose=0,
        ).object_prediction_list
        if not found:
            return no_detections()
        return Detections(
            boxes=np.array([one.bbox.to_xyxy() for one in found], dtype=np.float32),
            scores=np.array([one.score.value for one in found], dtype=np.float32),
            class_ids=np.array([one.category.id for one in found], dtype=np.int32),
        )

    return find
