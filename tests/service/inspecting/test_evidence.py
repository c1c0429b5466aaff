"""The pictures of each issue show the right thing, upright, the same each time."""

import hashlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as PillowImage

from inference.merging.reconcile import CandidateIssue
from inference.reading.decode import box_upright_to_photo
from inference.reading.metadata import Band, PhotoKind, PhotoMetadata
from inference.receipt import NotPlaced, Outcome, ReasonCode
from inference.sighting import Detection, Sighting
from service.inspecting.evidence import plan_crop, write_evidence
from service.inspecting.result import Photo
from service.report.model import EvidenceFile, EvidenceRole

WIDTH_PX, HEIGHT_PX = 900, 600  # of the upright picture
BOX = (300.0, 200.0, 400.0, 260.0)  # upright; holds the red object
ORIENTATION_TAG = 274
STORED_AS = {  # how a picture with this orientation is stored, worked out from EXIF's table
    1: lambda upright: upright,
    3: lambda upright: upright[::-1, ::-1],
    6: lambda upright: np.rot90(upright),
    8: lambda upright: np.rot90(upright, -1),
}


def make_upright() -> np.ndarray:
    picture = np.full((HEIGHT_PX, WIDTH_PX, 3), (90, 120, 90), dtype=np.uint8)
    picture[200:260, 300:400] = (0, 0, 220)  # BGR: red
    return picture


def write_photo(path: Path, *, orientation: int = 1) -> Photo:
    stored = np.ascontiguousarray(STORED_AS[orientation](make_upright())[:, :, ::-1])
    exif = PillowImage.Exif()
    exif[ORIENTATION_TAG] = orientation
    exif[270], exif[271] = path.name, "SECRET MAKER"
    PillowImage.fromarray(stored).save(path, quality=95, exif=exif)
    metadata = PhotoMetadata(
        width_px=stored.shape[1],
        height_px=stored.shape[0],
        orientation=orientation,
        kind=PhotoKind.DRONE,
        band=Band.VISUAL,
    )
    return Photo(
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        name=path.name,
        path=path,
        outcome=Outcome.ACCEPTED,
        metadata=metadata,
    )


def make_issue(*photos: Photo, issue_id: str = "issue-a") -> CandidateIssue:
    sightings = []
    for photo in photos:
        box = box_upright_to_photo(
            np.array([BOX]),
            photo.metadata.orientation,
            width_px=photo.metadata.width_px,
            height_px=photo.metadata.height_px,
        )[0]
        detection = Detection(
            id=f"detection-{photo.sha256}",
            photo_sha256=photo.sha256,
            class_name="exposed_garbage",
            confidence=0.8,
            box_photo=tuple(box.tolist()),
            appearance=np.ones(1, dtype=np.float32),
        )
        place = NotPlaced(code=ReasonCode.NO_GPS)
        sightings.append(
            Sighting(detection=detection, place=place, captured_at=None, capture_uuid=None)
        )
    return CandidateIssue(
        id=issue_id,
        class_name="exposed_garbage",
        confidence=0.8,
        position=NotPlaced(code=ReasonCode.NO_GPS),
        findings=(),
        sightings=tuple(sightings),
        first_seen=None,
        last_seen=None,
    )


def red_box(path: Path) -> tuple[int, int, int, int]:
    """Return where the red object is in a picture."""
    blue, green, red = cv2.split(cv2.imread(str(path)).astype(int))
    rows, columns = np.nonzero((red > 150) & (green < 80) & (blue < 80))
    return columns.min(), rows.min(), columns.max() + 1, rows.max() + 1


@pytest.mark.parametrize("orientation", STORED_AS)
def test_pictures_are_upright_and_their_boxes_hold_the_object(
    tmp_path: Path, orientation: int
) -> None:
    photo = write_photo(tmp_path / "a.jpg", orientation=orientation)
    files = write_evidence([make_issue(photo)], {photo.sha256: photo}, tmp_path / "out")["issue-a"]
    assert [file.path for file in files] == [
        "evidence/issue-a/crop.jpg",
        "evidence/issue-a/photo.jpg",
    ]
    crop, whole = files
    assert crop.width_px > crop.height_px
    assert (whole.width_px, whole.height_px) == (WIDTH_PX, HEIGHT_PX)
    for file in files:
        assert red_box(tmp_path / "out" / file.path) == pytest.approx(file.box_px, abs=3)


def test_pictures_hold_no_metadata_of_the_photo(tmp_path: Path) -> None:
    photo = write_photo(tmp_path / "a.jpg", orientation=6)
    for file in write_evidence([make_issue(photo)], {photo.sha256: photo}, tmp_path)["issue-a"]:
        data = (tmp_path / file.path).read_bytes()
        assert b"Exif" not in data
        assert b"SECRET" not in data


def test_a_second_run_gives_the_same_files_and_leaves_them_alone(tmp_path: Path) -> None:
    photo = write_photo(tmp_path / "a.jpg")
    first = write_evidence([make_issue(photo)], {photo.sha256: photo}, tmp_path)
    times = _changed_at(tmp_path, first["issue-a"])
    assert write_evidence([make_issue(photo)], {photo.sha256: photo}, tmp_path) == first
    assert _changed_at(tmp_path, first["issue-a"]) == times


def test_pictures_of_issues_that_are_no_more_are_removed(tmp_path: Path) -> None:
    photo = write_photo(tmp_path / "a.jpg")
    write_evidence([make_issue(photo, issue_id="old")], {photo.sha256: photo}, tmp_path)
    write_evidence([make_issue(photo, issue_id="new")], {photo.sha256: photo}, tmp_path)
    assert [folder.name for folder in (tmp_path / "evidence").iterdir()] == ["new"]


def test_the_best_view_comes_first_and_at_most_four_others_follow(tmp_path: Path) -> None:
    photos = [write_photo(tmp_path / f"{letter}.jpg") for letter in "cabdefgh"]
    known = {photo.sha256: photo for photo in photos}
    files = write_evidence([make_issue(*photos)], known, tmp_path)["issue-a"]
    assert [(file.role, known[file.photo_sha256].name) for file in files] == [
        (EvidenceRole.CROP, "c.jpg"),
        (EvidenceRole.PHOTO, "c.jpg"),
        *((EvidenceRole.FURTHER_CROP, f"{letter}.jpg") for letter in "abde"),
    ]


def test_issues_that_share_a_photo_each_get_their_pictures(tmp_path: Path) -> None:
    photo = write_photo(tmp_path / "a.jpg")
    issues = [make_issue(photo, issue_id=name) for name in ("one", "two")]
    files = write_evidence(issues, {photo.sha256: photo}, tmp_path)
    assert {name: len(found) for name, found in files.items()} == {"one": 2, "two": 2}


def test_a_photo_that_has_gone_costs_only_its_pictures(tmp_path: Path) -> None:
    here, gone = write_photo(tmp_path / "a.jpg"), write_photo(tmp_path / "b.jpg")
    issues = [make_issue(here, issue_id="one"), make_issue(gone, issue_id="two")]
    gone.path.unlink()
    files = write_evidence(issues, {here.sha256: here, gone.sha256: gone}, tmp_path)
    assert len(files["one"]) == 2
    assert files["two"] == ()


@given(
    left=st.floats(0, 3900),
    top=st.floats(0, 2900),
    width=st.floats(1, 4000),
    height=st.floats(1, 3000),
)
def test_a_crop_lies_in_the_picture_and_holds_the_box(
    left: float, top: float, width: float, height: float
) -> None:
    box = (left, top, min(left + width, 4000), min(top + height, 3000))
    x_min, y_min, x_max, y_max = plan_crop(box, width_px=4000, height_px=3000)
    assert 0 <= x_min <= box[0] + 1
    assert 0 <= y_min <= box[1] + 1
    assert box[2] - 1 <= x_max <= 4000
    assert box[3] - 1 <= y_max <= 3000


def test_a_small_picture_is_its_own_crop() -> None:
    assert plan_crop((5, 5, 9, 9), width_px=100, height_px=80) == (0, 0, 100, 80)


def _changed_at(folder: Path, files: tuple[EvidenceFile, ...]) -> list[int]:
    return [(folder / file.path).stat().st_mtime_ns for file in files]
