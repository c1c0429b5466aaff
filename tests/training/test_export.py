import dataclasses
from pathlib import Path

import numpy as np
import pytest

from models.manifest import ModelManifest

torch = pytest.importorskip("torch", reason="needs the `train` extra")
pytest.importorskip("ultralytics", reason="needs the `train` extra")

from models.detector import Detections, Image  # noqa: E402
from models.errors import ModelDamagedError  # noqa: E402
from models.openvino_detector import read_openvino_detector  # noqa: E402
from models.registry import RegisteredModel, read_model  # noqa: E402
from models.ultralytics_detector import (  # noqa: E402
    DetectionModel,
    read_trainable_network,
    read_ultralytics_detector,
)
from training.errors import TrainingError  # noqa: E402
from training.export import export_model, export_network, write_trainable_form  # noqa: E402

pytestmark = [pytest.mark.train, pytest.mark.slow]

CLASSES = ("exposed_garbage", "damaged_billboard", "illegal_structure")
SIDE_PX = 96


def make_manifest(**changes: object) -> ModelManifest:
    manifest = ModelManifest(
        name="random",
        version="1",
        classes=CLASSES,
        input_size_px=SIDE_PX,
        gsd_range_m=dict.fromkeys(CLASSES, (0.02, 0.05)),
        street_long_side_px=640,
        min_confidence=dict.fromkeys(CLASSES, 0.5),
        weights_sha256="filled in on export",
        licence="AGPL-3.0-or-later",
        data="none",
        metrics={},
    )
    return dataclasses.replace(manifest, **changes)


def make_network() -> DetectionModel:
    """Return an untrained network whose scores and boxes differ enough to be compared."""
    torch.manual_seed(0)
    network = DetectionModel("yolov5n.yaml", nc=len(CLASSES), verbose=False)
    network.names = dict(enumerate(CLASSES))
    with torch.no_grad():
        for branch in network.model[-1].cv3:
            branch[-1].bias.zero_()
            branch[-1].weight.mul_(20)
    return network.float().eval()


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> RegisteredModel:
    folder = tmp_path_factory.mktemp("export") / "random"
    return export_network(make_network(), folder, manifest=make_manifest())


def make_crops(count: int) -> list[Image]:
    rng = np.random.default_rng(0)
    return list(rng.integers(0, 256, (count, SIDE_PX, SIDE_PX, 3), dtype=np.uint8))


def best_iou(box: np.ndarray, boxes: np.ndarray) -> float:
    corners = np.maximum(box[:2], boxes[:, :2]), np.minimum(box[2:], boxes[:, 2:])
    shared = np.clip(corners[1] - corners[0], 0, None).prod(axis=1)
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1) + (box[2:] - box[:2]).prod()
    return float((shared / (areas - shared)).max())


def assert_agree(first: Detections, second: Detections) -> None:
    """Boxes with a clear score in one are found in the other, with that score."""
    assert len(first) > 0
    for box, score in zip(first.boxes[:10], first.scores[:10], strict=True):
        near = np.abs(second.scores - score) < 0.02
        assert near.any()
        assert best_iou(box, second.boxes[near]) > 0.95


def test_the_model_folder_is_whole_and_small_enough(exported: RegisteredModel) -> None:
    names = {path.name for path in exported.folder.iterdir()}
    assert names == {
        "manifest.json",
        "model.bin",
        "model.xml",
        "trainable.safetensors",
        "trainable.yaml",
    }
    assert sum(path.stat().st_size for path in exported.folder.iterdir()) < 12_000_000
    assert read_model(exported.folder).manifest == exported.manifest
    assert len(exported.manifest.weights_sha256) == 64


def test_openvino_and_torch_agree(exported: RegisteredModel) -> None:
    crops = make_crops(3)
    by_openvino = read_openvino_detector(exported).detect(crops, min_score=0.4)
    by_torch = read_ultralytics_detector(exported, batch_size=2).detect(crops, min_score=0.4)
    for first, second in zip(by_openvino, by_torch, strict=True):
        assert_agree(first, second)
        assert_agree(second, first)


def test_batches_and_threads_of_an_exported_network_change_no_byte(
    exported: RegisteredModel,
) -> None:
    crops = make_crops(3)
    one = read_openvino_detector(exported, batch_size=1, threads=1).detect(crops, min_score=0.4)
    two = read_openvino_detector(exported, batch_size=2).detect(crops, min_score=0.4)
    for first, second in zip(one, two, strict=True):
        assert first.boxes.tobytes() == second.boxes.tobytes()
        assert first.scores.tobytes() == second.scores.tobytes()


def test_the_trainable_form_is_the_network_in_half_precision(exported: RegisteredModel) -> None:
    original = make_network().state_dict()
    restored = read_trainable_network(exported.folder).state_dict()
    assert set(original) == set(restored)
    for name, value in original.items():
        wanted = value.half().float() if value.is_floating_point() else value
        assert torch.equal(restored[name], wanted), name


def test_what_a_run_left_is_exported(tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    write_trainable_form(make_network(), run)
    model = export_model(run, tmp_path / "model", manifest=make_manifest())
    assert model.manifest.classes == CLASSES
    assert (tmp_path / "model" / "trainable.safetensors").read_bytes() == (
        run / "trainable.safetensors"
    ).read_bytes()


def test_a_folder_without_weights_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelDamagedError, match="trainable"):
        export_model(tmp_path, tmp_path / "model", manifest=make_manifest())


def test_other_classes_than_the_manifests_are_refused(tmp_path: Path) -> None:
    turned = make_manifest(classes=CLASSES[::-1])
    with pytest.raises(TrainingError, match="classes"):
        export_network(make_network(), tmp_path, manifest=turned)


def test_an_absent_trainable_form_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(ModelDamagedError, match="trainable"):
        read_trainable_network(tmp_path)
