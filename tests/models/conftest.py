"""A network small enough to follow by hand, and a model folder around it."""

import dataclasses
from pathlib import Path

import numpy as np
import openvino
import pytest
from openvino import opset13

from models.manifest import ModelManifest
from models.registry import read_weights_sha256, write_manifest

SIDE_PX = 64
CELL_PX = 32


@pytest.fixture
def tiny_network() -> openvino.Model:
    """Return a network with four cells: class 0 is how red each is, class 1 how blue."""
    picture = opset13.parameter([-1, 3, SIDE_PX, SIDE_PX], np.float32)
    cell = [CELL_PX, CELL_PX]
    means = opset13.avg_pool(picture, cell, [0, 0], [0, 0], cell, exclude_pad=False)
    by_cell = opset13.reshape(means, np.array([0, 3, 4]), special_zero=True)
    scores = opset13.gather(by_cell, np.array([0, 2]), np.array(1))
    first = opset13.gather(by_cell, np.array([0, 0, 0, 0]), np.array(1))
    # Centre x, centre y, width, height of the cells, row by row.
    cells = np.array(
        [[[16, 48, 16, 48], [16, 16, 48, 48], [32, 32, 32, 32], [32, 32, 32, 32]]],
        dtype=np.float32,
    )
    boxes = opset13.add(opset13.multiply(first, np.float32(0)), cells)
    return openvino.Model([opset13.concat([boxes, scores], 1)], [picture])


@pytest.fixture
def tiny_manifest() -> ModelManifest:
    """Return the manifest of the tiny network, without a hash."""
    classes = ("red", "blue")
    return ModelManifest(
        name="tiny",
        version="1",
        classes=classes,
        input_size_px=SIDE_PX,
        gsd_range_m=dict.fromkeys(classes, (0.02, 0.05)),
        street_long_side_px=128,
        min_confidence=dict.fromkeys(classes, 0.5),
        weights_sha256="to be filled in",
        licence="AGPL-3.0-or-later",
        data="none",
        metrics={},
    )


@pytest.fixture
def tiny_folder(tmp_path: Path, tiny_network: openvino.Model, tiny_manifest: ModelManifest) -> Path:
    """Return a registry's folder `tiny-1` with the tiny network in it."""
    folder = tmp_path / "registry" / "tiny-1"
    folder.mkdir(parents=True)
    openvino.save_model(tiny_network, folder / "model.xml")
    digest = read_weights_sha256(folder)
    write_manifest(dataclasses.replace(tiny_manifest, weights_sha256=digest), folder)
    return folder
