import dataclasses
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import openvino
import pytest
from openvino import opset13

from models.detector import Detections, Image
from models.errors import ModelDamagedError
from models.openvino_detector import (
    OpenVinoDetector,
    Precision,
    read_network,
    read_openvino_detector,
)
from models.registry import read_model

RED, BLUE = (0, 0, 255), (255, 0, 0)  # as OpenCV orders them


def make_detector(network: openvino.Model, *, batch_size: int = 1, **more: int) -> OpenVinoDetector:
    return OpenVinoDetector(
        network, classes=("red", "blue"), input_size_px=64, batch_size=batch_size, **more
    )


def make_crop(*cells: tuple[int, int, tuple[int, int, int]]) -> Image:
    """Return a black crop with whole cells (row, column, colour) painted."""
    crop = np.zeros((64, 64, 3), dtype=np.uint8)
    for row, column, colour in cells:
        crop[row * 32 : row * 32 + 32, column * 32 : column * 32 + 32] = colour
    return crop


def make_noise(count: int) -> list[Image]:
    rng = np.random.default_rng(0)
    return list(rng.integers(0, 256, (count, 64, 64, 3), dtype=np.uint8))


def as_bytes(results: list[Detections]) -> list[bytes]:
    return [
        found.boxes.tobytes() + found.scores.tobytes() + found.class_ids.tobytes()
        for found in results
    ]


def test_colours_scale_and_place_arrive_as_painted(tiny_network: openvino.Model) -> None:
    crop = make_crop((0, 1, RED), (1, 0, BLUE))
    (found,) = make_detector(tiny_network).detect([crop], min_score=0.5)
    by_class = dict(zip(found.class_ids.tolist(), found.boxes.tolist(), strict=True))
    assert by_class == {0: [32, 0, 64, 32], 1: [0, 32, 32, 64]}
    np.testing.assert_allclose(found.scores, 1)


@pytest.mark.parametrize("batch_size", [1, 2, 4])
@pytest.mark.parametrize("count", [0, 1, 3, 5, 8])
def test_results_are_one_a_crop_in_the_crops_order(
    tiny_network: openvino.Model, batch_size: int, count: int
) -> None:
    detector = make_detector(tiny_network, batch_size=batch_size)
    crops = [make_crop((index // 2 % 2, index % 2, RED)) for index in range(count)]
    results = detector.detect(crops, min_score=0.5)
    lefts = [found.boxes[0, :2].tolist() for found in results]
    assert lefts == [[index % 2 * 32, index // 2 % 2 * 32] for index in range(count)]


def test_a_crop_gives_the_same_bytes_whatever_is_beside_it(tiny_network: openvino.Model) -> None:
    crops = make_noise(7)
    together = as_bytes(make_detector(tiny_network, batch_size=4).detect(crops, min_score=0.1))
    alone = make_detector(tiny_network, batch_size=1)
    assert together == [as_bytes(alone.detect([crop], min_score=0.1))[0] for crop in crops]


def test_repeated_runs_and_other_thread_counts_give_the_same_bytes(
    tiny_network: openvino.Model,
) -> None:
    crops = make_noise(5)
    detector = make_detector(tiny_network)
    first = as_bytes(detector.detect(crops, min_score=0.1))
    assert as_bytes(detector.detect(crops, min_score=0.1)) == first
    assert as_bytes(make_detector(tiny_network, threads=1).detect(crops, min_score=0.1)) == first


def test_threads_that_share_a_detector_get_the_results_of_their_own_crops(
    tiny_network: openvino.Model,
) -> None:
    detector = make_detector(tiny_network)
    crops = make_noise(16)
    alone = as_bytes(detector.detect(crops, min_score=0.1))
    with ThreadPoolExecutor(4) as pool:
        shared = list(pool.map(lambda crop: detector.detect([crop], min_score=0.1), crops))
    assert [as_bytes(results)[0] for results in shared] == alone


def test_a_failing_crop_leaves_the_detector_usable(tiny_network: openvino.Model) -> None:
    detector = make_detector(tiny_network)
    good = make_crop((0, 0, RED))
    with pytest.raises(ValueError, match="broadcast"):
        detector.detect([good, np.zeros((10, 10, 3), dtype=np.uint8)], min_score=0.5)
    assert len(detector.detect([good], min_score=0.5)[0]) == 1


def test_the_network_given_is_not_changed(tiny_network: openvino.Model) -> None:
    make_detector(tiny_network, batch_size=2)
    assert tiny_network.input(0).partial_shape[0].is_dynamic


def test_single_precision_is_set_unless_asked_otherwise(tiny_folder: Path) -> None:
    model = read_model(tiny_folder)
    assert read_openvino_detector(model).precision == Precision.F32
    assert read_openvino_detector(model, precision=Precision.BF16).precision == "bf16"


def test_a_network_of_other_classes_is_refused(tiny_folder: Path) -> None:
    with pytest.raises(ModelDamagedError, match="3 classes"):
        read_network(tiny_folder / "model.xml", class_count=3)


def test_a_file_that_is_no_network_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.xml"
    path.write_text("<net/>", encoding="utf-8")
    with pytest.raises(ModelDamagedError, match=r"model\.xml"):
        read_network(path, class_count=2)


def test_a_crop_size_that_the_network_cannot_take_is_refused(
    tiny_folder: Path, tiny_network: openvino.Model
) -> None:
    model = read_model(tiny_folder)
    picture = tiny_network.get_parameters()[0]
    fixed = opset13.add(picture, np.zeros((1, 3, 64, 64), dtype=np.float32))
    for user in tuple(picture.output(0).get_target_inputs()):
        if user.get_node() != fixed:
            user.replace_source_output(fixed.output(0))
    openvino.save_model(tiny_network, model.network_path)
    other = dataclasses.replace(model.manifest, input_size_px=96)
    with pytest.raises(ModelDamagedError, match="96 x 96"):
        read_openvino_detector(dataclasses.replace(model, manifest=other))
