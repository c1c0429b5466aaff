"""Seconds for a photo of 20 megapixels: ours against the network alone and against SAHI.

All use the same weights, tile size, overlap and lowest score, in one run, turn by turn, so that
whatever else the machine does hits all of them. The network alone has its tiles in memory and
does nothing else: it is the floor. Ours reads the JPEG, cuts tiles and merges boxes as well.

    python benchmarks/tiled_inference.py [--quick] [--precision bf16] [--model NAME_OR_FOLDER]

Exit status 0 where both limits hold, 1 where not. See benchmarks/README.md.
"""

import argparse
import dataclasses
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import openvino
from openvino.preprocess import ColorFormat, PrePostProcessor

from inference.detection.detect import DetectSettings, detect_photo, plan_detect_settings
from inference.detection.read_ahead import read_ahead
from inference.detection.tiles import CutTiles, plan_tiles
from inference.reading.decode import read_pixels
from models.detector import Image
from models.manifest import ModelManifest
from models.openvino_detector import OpenVinoDetector, Precision, read_openvino_detector
from models.registry import RegisteredModel, read_model

OVERLAP = 0.15  # 70 tiles of 640 pixels
MIN_SCORE = 0.25
GSD_M = 0.03
MOST_ACROSS_PHOTOS = 1.15
MOST_SINGLE_PHOTO = 1.25


@dataclasses.dataclass(frozen=True, kw_only=True)
class Extent:
    """How much is measured."""

    width_px: int
    height_px: int
    photos: int
    sahi_photos: int


FULL = Extent(width_px=5472, height_px=3648, photos=20, sahi_photos=5)
QUICK = Extent(width_px=2736, height_px=1824, photos=6, sahi_photos=1)


def draw_photo(rng: np.random.Generator, *, width_px: int, height_px: int) -> Image:
    """Return structure of all sizes with sensor noise; as large as a real JPEG of its size."""
    pixels = np.full((height_px, width_px, 3), 110, dtype=np.float32)
    for cells in (6, 24, 96, 400):
        shape = (cells * height_px // width_px, cells, 3)
        patches = rng.normal(0, 150 / np.sqrt(cells), shape).astype(np.float32)
        pixels += cv2.resize(patches, (width_px, height_px), interpolation=cv2.INTER_CUBIC)
    for _ in range(300):
        x, y = int(rng.integers(width_px)), int(rng.integers(height_px))
        width, height = (int(side) for side in rng.integers(10, 150, 2))
        colour = tuple(float(value) for value in rng.integers(0, 256, 3))
        cv2.rectangle(pixels, (x, y), (x + width, y + height), colour, -1)
    pixels += rng.standard_normal((height_px, width_px, 1), dtype=np.float32) * 7
    return np.clip(pixels, 0, 255).astype(np.uint8)


def write_photos(folder: Path, extent: Extent) -> list[Path]:
    """Write the photos; every one is a file of its own, though only a few pictures differ."""
    rng = np.random.default_rng(0)
    paths: list[Path] = []
    encoded: list[bytes] = []
    for index in range(extent.photos):
        if index < 4:
            photo = draw_photo(rng, width_px=extent.width_px, height_px=extent.height_px)
            encoded.append(cv2.imencode(".jpg", photo, [cv2.IMWRITE_JPEG_QUALITY, 94])[1].tobytes())
        paths.append(folder / f"{index:02}.jpg")
        paths[-1].write_bytes(encoded[index % len(encoded)])
    return paths


class NetworkAlone:
    """The floor: tiles ready in memory, two requests in turn, nothing read from the results."""

    def __init__(self, model: RegisteredModel, pixels: Image, *, precision: Precision) -> None:
        side_px = model.manifest.input_size_px
        network = openvino.Core().read_model(model.network_path)
        network.reshape([1, 3, side_px, side_px])
        steps = PrePostProcessor(network)
        picture = steps.input().tensor().set_element_type(openvino.Type.u8)
        picture.set_layout(openvino.Layout("NHWC")).set_color_format(ColorFormat.BGR)
        steps.input().model().set_layout(openvino.Layout("NCHW"))
        change = steps.input().preprocess().convert_element_type(openvino.Type.f32)
        change.convert_color(ColorFormat.RGB).scale(255.0)
        options = {"INFERENCE_PRECISION_HINT": precision.value, "NUM_STREAMS": 1}
        compiled = openvino.Core().compile_model(steps.build(), "CPU", options)
        self._requests = [compiled.create_infer_request() for _ in range(2)]
        height_px, width_px = pixels.shape[:2]
        tiles = plan_tiles(width_px, height_px, size=side_px, overlap=OVERLAP)
        self._tiles = [
            np.ascontiguousarray(crop)[None] for crop in CutTiles(pixels, tiles, size=side_px)
        ]

    def __call__(self) -> None:
        """Run the network on all tiles."""
        for index, tile in enumerate(self._tiles):
            request = self._requests[index % 2]
            request.wait()
            request.start_async({0: tile}, share_inputs=True)
        for request in self._requests:
            request.wait()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Ours:
    """The whole way from the file to merged boxes."""

    detector: OpenVinoDetector
    manifest: ModelManifest
    settings: DetectSettings

    def inspect(self, pixels: Image) -> None:
        """Find what a decoded photo shows."""
        detect_photo(
            pixels,
            gsd_m=GSD_M,
            detector=self.detector,
            manifest=self.manifest,
            settings=self.settings,
        )

    def single(self, path: Path) -> None:
        """Read one photo, then search it."""
        self.inspect(read_pixels(path))


def make_ours(model: RegisteredModel, *, precision: Precision) -> Ours:
    """Load the model so that every photo is searched at its own size, once."""
    classes = model.manifest.classes
    manifest = dataclasses.replace(
        model.manifest, gsd_range_m=dict.fromkeys(classes, (GSD_M, GSD_M))
    )
    settings = plan_detect_settings(manifest, min_confidence=MIN_SCORE, precision=precision)
    return Ours(
        detector=read_openvino_detector(model, precision=precision),
        manifest=manifest,
        settings=dataclasses.replace(settings, tile_overlap=OVERLAP),
    )


def make_sahi(
    model: RegisteredModel, folder: Path, *, openvino_export: bool
) -> Callable[..., None]:
    """Return SAHI's way from a file to merged boxes, on the same weights.

    Raises:
        ImportError: SAHI, torch or ultralytics is not installed.
    """
    # ultralytics reads these on import: quiet, no packages installed, no network.
    os.environ.update(YOLO_VERBOSE="false", YOLO_AUTOINSTALL="false", YOLO_OFFLINE="true")
    import torch
    from sahi import AutoDetectionModel
    from sahi.predict import get_sliced_prediction
    from ultralytics import YOLO

    from models.ultralytics_detector import read_trainable_network

    network = read_trainable_network(model.folder)
    network.args, network.task = {}, "detect"
    path = folder / "peer.pt"
    torch.save({"model": network, "ema": None, "epoch": -1, "train_args": {}}, path)
    side_px = model.manifest.input_size_px
    if openvino_export:
        path = Path(YOLO(str(path)).export(format="openvino", imgsz=side_px, verbose=False))
    peer = AutoDetectionModel.from_pretrained(
        model_type="ultralytics",
        model_path=str(path),
        confidence_threshold=MIN_SCORE,
        device="cpu",
        image_size=side_px,
    )

    def inspect(photo: Path) -> None:
        get_sliced_prediction(
            str(photo),
            peer,
            slice_height=side_px,
            slice_width=side_px,
            overlap_height_ratio=OVERLAP,
            overlap_width_ratio=OVERLAP,
            perform_standard_pred=False,
            verbose=0,
        )

    return inspect


def seconds(work: Callable[..., None], *arguments: object) -> float:
    """Return how long a call takes."""
    started = time.perf_counter()
    work(*arguments)
    return time.perf_counter() - started


def measure_single(ours: Ours, alone: NetworkAlone, paths: list[Path]) -> tuple[float, float]:
    """Return the medians of the network alone and of ours, photo by photo in turn."""
    pairs = [(seconds(alone), seconds(ours.single, path)) for path in paths]
    return statistics.median(a for a, _ in pairs), statistics.median(o for _, o in pairs)


def measure_across(ours: Ours, alone: NetworkAlone, paths: list[Path]) -> tuple[float, float]:
    """Return the medians of the network alone and of ours with the next photo read meanwhile.

    Photos go in runs of a few, with the network alone between them. The first photo of a run
    has to wait for its file and belongs to `measure_single`; the last has no next one to read.
    """
    floor: list[float] = []
    took: list[float] = []
    for first in range(0, len(paths), 10):
        floor += [seconds(alone) for _ in range(3)]
        run = [paths[first], *paths[first : first + 10], paths[first]]
        finished: list[float] = []
        for _, pixels in read_ahead(run, read_pixels):
            ours.inspect(pixels.result())
            finished.append(time.perf_counter())
        took += [later - earlier for earlier, later in pairwise(finished[:-1])]
        floor += [seconds(alone) for _ in range(3)]
    return statistics.median(floor), statistics.median(took)


def measure_sahi(model: RegisteredModel, paths: list[Path], folder: Path) -> dict[str, float]:
    """Return the medians of SAHI on torch and on its OpenVINO export; empty where not installed."""
    medians = {}
    for name, openvino_export in (("SAHI, torch", False), ("SAHI, OpenVINO", True)):
        try:
            peer = make_sahi(model, folder, openvino_export=openvino_export)
        except ImportError as error:
            print(f"{name}: not measured: {error}")
            continue
        peer(paths[0])  # compiles and warms up
        medians[name] = statistics.median(seconds(peer, path) for path in paths)
    return medians


def measure(model: RegisteredModel, extent: Extent, precision: Precision, folder: Path) -> bool:
    """Print the figures; return whether both limits hold."""
    paths = write_photos(folder, extent)
    pixels = read_pixels(paths[0])
    decode_s = statistics.median(seconds(read_pixels, path) for path in paths[:5])
    alone = NetworkAlone(model, pixels, precision=precision)
    ours = make_ours(model, precision=precision)
    seconds(alone), seconds(ours.single, paths[0])  # warm up
    print(
        f"{extent.width_px}x{extent.height_px} px, {paths[0].stat().st_size / 1e6:.1f} MB, "
        f"model {model.manifest.name}, {precision}, {os.cpu_count()} cores, "
        f"median of {len(paths)} photos"
    )
    single_floor_s, single_s = measure_single(ours, alone, paths)
    across_floor_s, across_s = measure_across(ours, alone, paths)
    rows = {
        "read the JPEG": decode_s,
        "network alone": single_floor_s,
        "ours, single photo": single_s,
        "network alone, beside the next": across_floor_s,
        "ours, across photos": across_s,
        **measure_sahi(model, paths[: extent.sahi_photos], folder),
    }
    for name, value_s in rows.items():
        print(f"{name:32}{value_s:8.3f} s {value_s / single_floor_s:8.2f} x network alone")
    single, across = single_s / single_floor_s, across_s / across_floor_s
    print(f"single photo {single:.3f} x network alone (at most {MOST_SINGLE_PHOTO})")
    print(f"across photos {across:.3f} x network alone (at most {MOST_ACROSS_PHOTOS})")
    return single <= MOST_SINGLE_PHOTO and across <= MOST_ACROSS_PHOTOS


def main() -> int:
    """Run the benchmark from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", help="a registered name or a folder; else the promoted one")
    parser.add_argument("--precision", type=Precision, default=Precision.F32, choices=Precision)
    parser.add_argument("--quick", action="store_true", help="5 megapixels, under a minute")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        held = measure(
            read_model(options.model),
            QUICK if options.quick else FULL,
            options.precision,
            Path(folder),
        )
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
