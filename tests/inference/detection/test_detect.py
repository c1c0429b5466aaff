import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.detection.detect import DetectSettings, detect_photo, plan_detect_settings
from inference.identity import settings_hash
from models.calibration import Calibration, CalibrationMethod
from models.detector import Detections, Image
from models.errors import ModelNotFoundError
from models.manifest import ModelManifest
from models.registry import read_model

CLASSES = ("red", "blue")
SIDE_PX = 128


class FakeDetector:
    """Finds patches of pure red and pure blue; the larger the patch, the better its score."""

    classes = CLASSES
    input_size_px = SIDE_PX
    batch_size = 1

    def detect(self, crops: Sequence[Image], *, min_score: float) -> list[Detections]:
        return [self._detect_one(crop, min_score) for crop in crops]

    def _detect_one(self, crop: Image, min_score: float) -> Detections:
        assert crop.shape == (SIDE_PX, SIDE_PX, 3)
        rows = []
        for class_id, channel in enumerate((2, 0)):
            mask = (crop[..., channel] > 200) & (crop.sum(axis=2) < 300)
            _, _, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
            for left, top, width, height, area in stats[1:]:
                score = min(0.5 + area / 10_000, 1.0)
                if score >= min_score:
                    rows.append((left, top, left + width, top + height, score, class_id))
        table = np.array(rows, dtype=np.float64).reshape(-1, 6)
        return Detections(
            boxes=table[:, :4].astype(np.float32),
            scores=table[:, 4].astype(np.float32),
            class_ids=table[:, 5].astype(np.int32),
        )


def make_manifest(**changes: object) -> ModelManifest:
    fields: dict[str, object] = {
        "name": "none",
        "version": "1",
        "classes": CLASSES,
        "input_size_px": SIDE_PX,
        "gsd_range_m": dict.fromkeys(CLASSES, (0.02, 0.05)),
        "street_long_side_px": 256,
        "min_confidence": dict.fromkeys(CLASSES, 0.5),
        "weights_sha256": "none",
        "licence": "none",
        "data": "none",
        "metrics": {},
    }
    return ModelManifest(**{**fields, **changes})  # type: ignore[arg-type]  # checked by the tests


def make_photo(width_px: int, height_px: int, *patches: tuple[int, int, int, int, str]) -> Image:
    photo = np.full((height_px, width_px, 3), 90, dtype=np.uint8)
    for x_min, y_min, x_max, y_max, colour in patches:
        photo[y_min:y_max, x_min:x_max] = (0, 0, 255) if colour == "red" else (255, 0, 0)
    return photo


def detect(
    photo: Image,
    *,
    gsd_m: float | None = 0.03,
    manifest: ModelManifest | None = None,
    settings: DetectSettings | None = None,
) -> Detections:
    manifest = manifest or make_manifest()
    return detect_photo(
        photo,
        gsd_m=gsd_m,
        detector=FakeDetector(),
        manifest=manifest,
        settings=settings or plan_detect_settings(manifest),
    )


@given(
    x_min=st.integers(0, 470),
    y_min=st.integers(0, 270),
    width=st.integers(3, 25),
    height=st.integers(3, 25),
)
@settings(max_examples=60)
def test_an_object_smaller_than_the_overlap_is_found_once_and_whole(
    x_min: int, y_min: int, width: int, height: int
) -> None:
    # Tiles overlap by 25 of 128 pixels, so that each such object lies whole in one of them.
    box = (x_min, y_min, min(x_min + width, 500), min(y_min + height, 300))
    found = detect(make_photo(500, 300, (*box, "red")))
    assert found.boxes.tolist() == [list(box)]
    assert found.class_ids.tolist() == [0]


@given(
    x_min=st.integers(0, 350),
    y_min=st.integers(0, 150),
    width=st.integers(30, 250),
    height=st.integers(30, 150),
)
@settings(max_examples=60)
def test_an_object_larger_than_the_overlap_is_joined_from_its_parts(
    x_min: int, y_min: int, width: int, height: int
) -> None:
    box = (x_min, y_min, min(x_min + width, 500), min(y_min + height, 300))
    found = detect(make_photo(500, 300, (*box, "red")))
    assert found.boxes.tolist() == [list(box)]


def test_objects_come_with_the_best_score_first() -> None:
    photo = make_photo(400, 300, (5, 5, 20, 20, "red"), (200, 90, 240, 130, "blue"))
    found = detect(photo)
    assert found.class_ids.tolist() == [1, 0]
    assert found.scores[0] > found.scores[1]


def test_boxes_of_a_scaled_photo_come_back_in_its_own_pixels() -> None:
    # 5 mm a pixel is searched as 20 mm a pixel: boxes are good to four pixels.
    photo = make_photo(1600, 1200, (400, 200, 480, 280, "red"))
    found = detect(photo, gsd_m=0.005)
    np.testing.assert_allclose(found.boxes, [[400, 200, 480, 280]], atol=4)


def test_a_photo_smaller_than_a_tile_is_padded_and_searched() -> None:
    found = detect(make_photo(60, 40, (10, 10, 30, 40, "blue")))
    assert found.boxes.tolist() == [[10, 10, 30, 40]]


def test_a_level_finds_only_its_own_classes() -> None:
    # Blue is to be searched at a twentieth of the size, where this small patch is lost in one
    # pixel: the full-size level sees it well, but is not for blue.
    manifest = make_manifest(gsd_range_m={"red": (0.02, 0.05), "blue": (0.4, 1.0)})
    photo = make_photo(300, 300, (100, 100, 110, 110, "red"), (200, 200, 203, 203, "blue"))
    found = detect(photo, gsd_m=0.02, manifest=manifest)
    assert found.class_ids.tolist() == [0]


def test_a_class_whose_pixels_are_far_too_coarse_is_not_searched() -> None:
    found = detect(make_photo(300, 300, (100, 100, 130, 130, "red")), gsd_m=0.2)
    assert len(found) == 0


def test_a_street_photo_is_searched_at_two_scales_and_its_object_found_once() -> None:
    found = detect(make_photo(800, 600, (200, 200, 320, 300, "red")), gsd_m=None)
    assert len(found) == 1
    np.testing.assert_allclose(found.boxes, [[200, 200, 320, 300]], atol=4)


AVERAGING = make_manifest(street_ratios=(0.5, 1.0, 2.0))


def test_looks_at_a_street_photo_are_averaged() -> None:
    photo = make_photo(512, 384, (200, 200, 320, 300, "red"))
    found = detect(photo, gsd_m=None, manifest=AVERAGING)
    assert len(found) == 1
    np.testing.assert_allclose(found.boxes, [[200, 200, 320, 300]], atol=4)
    # The patch has 120 x 100 px at its own size (score 1, the most there is), 60 x 50 at the size
    # of training and 30 x 25 at half of that: 0.5 + 0.3 and 0.5 + 0.075.
    np.testing.assert_allclose(found.scores, [(1 + 0.8 + 0.575) / 3], atol=0.01)


@given(x_min=st.integers(0, 400), width=st.integers(60, 110))
@settings(max_examples=20, deadline=None)
def test_averaged_looks_see_a_mirrored_photo_mirrored(x_min: int, width: int) -> None:
    photo = make_photo(512, 384, (x_min, 100, x_min + width, 200, "red"))
    found = detect(photo, gsd_m=None, manifest=AVERAGING)
    mirrored = detect(np.ascontiguousarray(photo[:, ::-1]), gsd_m=None, manifest=AVERAGING)
    np.testing.assert_allclose(mirrored.scores, found.scores, atol=1e-5)
    back = found.boxes[:, [2, 1, 0, 3]] * [-1, 1, -1, 1] + [512, 0, 512, 0]
    np.testing.assert_allclose(mirrored.boxes, back, atol=0.1)


def test_a_threshold_chooses_among_averages_and_does_not_change_them() -> None:
    photo = make_photo(512, 384, (50, 50, 150, 150, "red"), (300, 100, 360, 160, "blue"))
    every = detect(
        photo,
        gsd_m=None,
        manifest=AVERAGING,
        settings=plan_detect_settings(AVERAGING, min_confidence=0.001),
    )
    strict = detect(
        photo,
        gsd_m=None,
        manifest=AVERAGING,
        settings=plan_detect_settings(AVERAGING, min_confidence=float(every.scores[0])),
    )
    assert len(every) == 2
    np.testing.assert_array_equal(strict.scores, every.scores[:1])


def test_classes_left_out_are_left_out_of_averages_too() -> None:
    photo = make_photo(512, 384, (50, 50, 150, 150, "red"), (300, 100, 400, 200, "blue"))
    only_blue = plan_detect_settings(AVERAGING, classes=("blue",))
    found = detect(photo, gsd_m=None, manifest=AVERAGING, settings=only_blue)
    assert found.class_ids.tolist() == [1]
    nothing = plan_detect_settings(AVERAGING, classes=())
    assert len(detect(photo, gsd_m=None, manifest=AVERAGING, settings=nothing)) == 0


def test_averages_have_maps_of_their_own() -> None:
    halved = Calibration(
        raw=(0.0, 1.0),
        calibrated=(0.0, 0.5),
        method=CalibrationMethod.ISOTONIC,
        detections=200,
        ece=0.0,
        brier=0.0,
    )
    photo = make_photo(512, 384, (50, 50, 150, 150, "red"), (300, 100, 400, 200, "blue"))
    manifest = make_manifest(
        street_ratios=AVERAGING.street_ratios,
        street_calibration={"red": halved},
        min_confidence=dict.fromkeys(CLASSES, 0.1),
    )
    found = detect(photo, gsd_m=None, manifest=manifest)
    assert found.class_ids.tolist() == [1, 0]
    np.testing.assert_allclose(found.scores[1], found.scores[0] / 2, atol=0.01)


def test_a_photo_of_known_scale_is_searched_as_ever() -> None:
    photo = make_photo(500, 300, (100, 100, 180, 160, "red"))
    plain, averaging = detect(photo), detect(photo, manifest=AVERAGING)
    assert plain.boxes.tolist() == averaging.boxes.tolist()
    assert plain.scores.tolist() == averaging.scores.tolist()


def test_lowest_scores_hold_class_by_class() -> None:
    # 20 x 20 pixels score 0.5 + 400 / 10,000.
    photo = make_photo(300, 300, (50, 50, 70, 70, "red"), (150, 150, 170, 170, "blue"))
    manifest = make_manifest()
    strict = plan_detect_settings(manifest, min_confidence_by_class={"red": 0.55})
    assert detect(photo, settings=strict).class_ids.tolist() == [1]
    general = plan_detect_settings(manifest, min_confidence=0.55)
    assert len(detect(photo, settings=general)) == 0


def test_classes_that_are_not_asked_for_are_left_out() -> None:
    photo = make_photo(300, 300, (50, 50, 70, 70, "red"), (150, 150, 170, 170, "blue"))
    only_blue = plan_detect_settings(make_manifest(), classes=("blue",))
    assert only_blue.min_confidence == (("blue", 0.5),)
    assert detect(photo, settings=only_blue).class_ids.tolist() == [1]


def test_settings_are_told_apart_by_what_they_say() -> None:
    manifest = make_manifest()
    first = plan_detect_settings(manifest)
    assert settings_hash(first) == settings_hash(plan_detect_settings(manifest))
    others = [
        plan_detect_settings(manifest, min_confidence=0.6),
        plan_detect_settings(manifest, precision="bf16"),
        plan_detect_settings(manifest, classes=("red",)),
    ]
    assert len({settings_hash(settings) for settings in [first, *others]}) == 4
    assert len({first, *others}) == 4


@pytest.mark.parametrize("min_confidence", [0.0, 0.7])
def test_a_score_given_goes_before_the_models_own(min_confidence: float) -> None:
    planned = plan_detect_settings(
        make_manifest(), min_confidence=min_confidence, min_confidence_by_class={"blue": 0.9}
    )
    assert planned.min_confidence == (("red", min_confidence), ("blue", 0.9))


MEASURED = """
import resource, sys
from pathlib import Path
import numpy as np
from inference.reading.decode import read_pixels
from inference.detection.detect import detect_photo, plan_detect_settings
from inference.detection.read_ahead import read_ahead
from models.openvino_detector import read_openvino_detector
from models.registry import read_model
from models.suppression import no_detections

class FewRuns:
    # Every tile is cut, but only the first 24 of a picture go through the network.
    def __init__(self, detector):
        self.detector, self.classes = detector, detector.classes
        self.input_size_px, self.batch_size = detector.input_size_px, detector.batch_size
    def detect(self, crops, *, min_score):
        first = [np.array(crops[i]) for i in range(min(24, len(crops)))]
        found = self.detector.detect(first, min_score=min_score)
        return found + [no_detections() for i in range(len(first), len(crops)) if len(crops[i])]

model = read_model(sys.argv[1])
detector = FewRuns(read_openvino_detector(model))
settings = plan_detect_settings(model.manifest, min_confidence=0.25)
native_gsd_m = max(finest_m for finest_m, _ in model.manifest.gsd_range_m.values())
photos = read_ahead([Path(sys.argv[2])] * 2, read_pixels)
for (_, pixels), gsd_m in zip(photos, (native_gsd_m, None)):
    detect_photo(
        pixels.result(),
        gsd_m=gsd_m,
        detector=detector,
        manifest=model.manifest,
        settings=settings,
    )
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


@pytest.mark.slow
def test_a_photo_of_48_megapixels_takes_less_than_a_gigabyte_and_a_half(tmp_path: Path) -> None:
    try:
        model = read_model()
    except ModelNotFoundError:
        pytest.skip("no model is promoted yet")
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (378, 504, 3), dtype=np.uint8)
    path = tmp_path / "large.jpg"
    cv2.imwrite(str(path), cv2.resize(coarse, (8064, 6048), interpolation=cv2.INTER_CUBIC))
    run = subprocess.run(
        [sys.executable, "-c", MEASURED, str(model.folder), str(path)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert float(run.stdout) < 1500
