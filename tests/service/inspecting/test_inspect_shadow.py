"""A second model looks at the same photos, and the results do not move by a byte."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from models.detector import Detections, Detector, Image
from service.errors import CannotStartError
from service.inspecting.folder import LOCK_NAME, STORE_NAME
from service.inspecting.inspect import inspect_photos
from service.inspecting.job import InspectModel, InspectOptions
from service.inspecting.progress import SilentReporter
from service.inspecting.result import InspectionResult
from service.store.local_store import open_store

SHADOW_FILES = {"shadow.json", "shadow.html"}


class TopLeftDetector:
    """Finds garbage in the corner of every tile, whatever it shows."""

    input_size_px = 320
    batch_size = 4

    def __init__(self, classes: tuple[str, ...]) -> None:
        self.classes = classes
        self.photos = 0

    def detect(self, crops: Sequence[Image], *, min_score: float) -> list[Detections]:
        self.photos += 1
        found = Detections(
            boxes=np.array([[2, 2, 30, 30]], dtype=np.float32),
            scores=np.array([0.7], dtype=np.float32),
            class_ids=np.array([0], dtype=np.int32),
        )
        return [found for _ in range(len(crops))]


class Interrupt(SilentReporter):
    """Stops the job, as Ctrl-C does, at the first step of the third stage that has steps."""

    def __init__(self, stage: int, step: int) -> None:
        self._stage, self._step = stage, step

    def begin(self, what: str, *, total: int) -> None:
        self._stage -= 1

    def step(self, *, found: int = 0) -> None:
        if self._stage == 0:
            self._step -= 1
            if self._step == 0:
                raise KeyboardInterrupt


@pytest.fixture
def photos(tmp_path: Path, write_drone_photo: Callable[..., Path]) -> Path:
    for number in range(3):
        write_drone_photo(
            tmp_path / "photos" / f"DJI_{number}.JPG",
            number=number,
            east_m=20.0 * number,
            spots_px=((300, 200),),
        )
    return tmp_path / "photos"


def inspect(
    stand_in: ModuleType,
    photos: Path,
    out: Path,
    *,
    shadow: Detector | None = None,
    reporter: SilentReporter | None = None,
    **changes: object,
) -> InspectionResult:
    options = InspectOptions(paths=(photos,), output=out, refine=False, **changes)  # type: ignore[arg-type]
    manifest = replace(stand_in.MANIFEST, name="candidate", weights_sha256="6" * 64)
    return inspect_photos(
        options,
        model=InspectModel(
            manifest=stand_in.MANIFEST, load=lambda _: stand_in.BrightSpotDetector()
        ),
        reporter=reporter or SilentReporter(),
        shadow=InspectModel(manifest=manifest, load=lambda _: shadow) if shadow else None,
    )


def results(out: Path) -> dict[str, bytes]:
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file() and not path.name.startswith((STORE_NAME, LOCK_NAME))
    }


def test_the_results_are_those_of_a_run_without_a_shadow_to_the_byte(
    stand_in: ModuleType, photos: Path, tmp_path: Path
) -> None:
    inspect(stand_in, photos, tmp_path / "plain")
    inspect(stand_in, photos, tmp_path / "shadowed", shadow=TopLeftDetector(stand_in.CLASSES))
    plain, shadowed = results(tmp_path / "plain"), results(tmp_path / "shadowed")
    assert set(shadowed) - set(plain) == SHADOW_FILES
    assert {name: shadowed[name] for name in plain} == plain


def test_what_either_finds_alone_is_told_by_photo(
    stand_in: ModuleType, photos: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    inspect(stand_in, photos, out, shadow=TopLeftDetector(stand_in.CLASSES), language="zh")
    table = json.loads((out / "shadow.json").read_text(encoding="utf-8"))
    assert (table["production"]["model"], table["candidate"]["model"]) == ("stand-in", "candidate")
    assert table["photos"] == 3
    assert [one["photo"] for one in table["differences"]] == [
        f"DJI_{number}.JPG" for number in range(3)
    ]
    first = table["classes"][0]
    assert first["class"] == "exposed_garbage"
    assert first["only_production"] >= 3
    assert first["only_candidate"] >= 3
    assert "候选模型" in (out / "shadow.html").read_text(encoding="utf-8")


def test_the_same_model_in_its_own_shadow_differs_nowhere(
    stand_in: ModuleType, photos: Path, tmp_path: Path
) -> None:
    options = InspectOptions(paths=(photos,), output=tmp_path / "out", refine=False)
    model = InspectModel(manifest=stand_in.MANIFEST, load=lambda _: stand_in.BrightSpotDetector())
    inspect_photos(options, model=model, reporter=SilentReporter(), shadow=model)
    table = json.loads((tmp_path / "out" / "shadow.json").read_text(encoding="utf-8"))
    (found,) = [one for one in table["classes"] if one["both"]]
    assert (found["only_candidate"], found["only_production"]) == (0, 0)
    assert found["mean_confidence_difference"] == 0


def test_a_shadow_that_was_stopped_goes_on_with_the_photos_that_are_left(
    stand_in: ModuleType, photos: Path, tmp_path: Path
) -> None:
    out, first = tmp_path / "out", TopLeftDetector(stand_in.CLASSES)
    with pytest.raises(KeyboardInterrupt):
        # Stages: reading files, inspecting photos, the shadow's turn.
        inspect(stand_in, photos, out, shadow=first, reporter=Interrupt(stage=3, step=2))
    assert (out / "issues.geojson").is_file()
    assert not (out / "shadow.json").exists()
    second = TopLeftDetector(stand_in.CLASSES)
    inspect(stand_in, photos, out, shadow=second)
    whole = tmp_path / "whole"
    third = TopLeftDetector(stand_in.CLASSES)
    inspect(stand_in, photos, whole, shadow=third)
    assert first.photos + second.photos == third.photos
    assert results(out) == results(whole)


def test_the_last_run_in_the_store_is_that_of_the_results(
    stand_in: ModuleType, photos: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    result = inspect(stand_in, photos, out, shadow=TopLeftDetector(stand_in.CLASSES))
    with open_store(out / STORE_NAME) as store:
        runs = store.read_runs()
    assert len(runs) == 2
    assert runs[-1] == result.run


def test_a_candidate_that_does_not_know_a_class_asked_for_is_said_so(
    stand_in: ModuleType, photos: Path, tmp_path: Path
) -> None:
    other = replace(
        stand_in.MANIFEST,
        name="other",
        classes=("tree",),
        gsd_range_m={"tree": (0.01, 1.0)},
        min_confidence={"tree": 0.5},
    )
    options = InspectOptions(paths=(photos,), output=tmp_path / "out", classes=("exposed_garbage",))
    model = InspectModel(manifest=stand_in.MANIFEST, load=lambda _: stand_in.BrightSpotDetector())
    with pytest.raises(CannotStartError, match="other-1 knows no class exposed_garbage"):
        inspect_photos(
            options,
            model=model,
            reporter=SilentReporter(),
            shadow=InspectModel(manifest=other, load=model.load),
        )
    assert not (tmp_path / "out").exists()
