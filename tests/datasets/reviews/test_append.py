import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from datasets.errors import DatasetError
from datasets.labelled_picture import View
from datasets.reviews.append import ReviewedPictures, ReviewOptions, write_reviewed_pictures
from datasets.reviews.areas import Area
from datasets.reviews.json_lines import format_review, write_review_lines
from datasets.reviews.review import PictureReview
from datasets.sets.splits_table import SplitAndGroup
from tests.datasets.reviews.factories import (
    GARBAGE,
    HEIGHT_PX,
    WIDTH_PX,
    confirmed,
    make_box,
    make_review,
    rejected,
    unsure,
)

BOX = Area(10, 10, 30, 30)
CROP = Area(8, 4, 58, 44)
GREY = 114


def draw_pixels() -> NDArray[np.uint8]:
    """A smooth slope, which a JPEG keeps to a few grey levels."""
    rows, columns = np.mgrid[:HEIGHT_PX, :WIDTH_PX]
    return np.stack([columns * 2, rows * 2, 200 - columns], axis=2).astype(np.uint8)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    (tmp_path / "photos" / "flight7").mkdir(parents=True)
    Image.fromarray(draw_pixels()).save(tmp_path / "photos" / "flight7" / "photo.png")
    return tmp_path / "photos"


def append(
    photos: Path,
    *reviews: PictureReview,
    known: dict[str, SplitAndGroup] | None = None,
    **options: Any,
) -> ReviewedPictures:
    file = photos.parent / "reviews.jsonl"
    write_review_lines(reviews, file)
    return write_reviewed_pictures(
        file,
        pictures=photos,
        folder=photos.parent / "set",
        options=ReviewOptions(**options),
        known=known or {},
    )


def pixels_of(photos: Path, found: ReviewedPictures) -> NDArray[np.int16]:
    path = photos.parent / "set" / found.pictures[0].picture.path
    return np.asarray(Image.open(path).convert("RGB"), dtype=np.int16)


def sha256_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_whole_picture_without_doubts_keeps_its_bytes(photos: Path) -> None:
    found = append(photos, make_review(confirmed(BOX), rejected(Area(60, 40, 80, 60))))
    (one,) = found.pictures
    assert one.is_whole
    assert one.hard_negatives == 1
    assert one.original_sha256 == one.picture.sha256 == sha256_of(photos / "flight7" / "photo.png")
    assert sha256_of(photos.parent / "set" / one.picture.path) == one.picture.sha256
    assert one.picture.boxes == (make_box(BOX, GARBAGE),)
    assert one.picture.source == found.source.name


def test_a_crop_is_cut_out_and_its_boxes_move_along(photos: Path) -> None:
    found = append(photos, make_review(confirmed(BOX), looked_at=CROP))
    (one,) = found.pictures
    assert not one.is_whole
    assert (one.picture.width_px, one.picture.height_px) == (50, 40)
    assert one.picture.boxes == (make_box(Area(2, 6, 22, 26)),)
    shown = draw_pixels()[4:44, 8:58].astype(np.int16)
    assert np.abs(pixels_of(photos, found) - shown).max() <= 8


def test_unsure_places_are_grey_but_not_over_an_object(photos: Path) -> None:
    doubt = Area(20, 10, 60, 30)
    pixels = pixels_of(photos, append(photos, make_review(confirmed(BOX), unsure(doubt))))
    assert np.abs(pixels[12:28, 34:58] - GREY).max() <= 12
    # Columns 20 to 29 are of both: the object keeps them. A JPEG's blocks of 8 blur the border.
    expected = draw_pixels()[10:30, 10:24].astype(np.int16)
    assert np.abs(pixels[10:30, 10:24] - expected).max() <= 12
    assert np.abs(pixels[40:, :] - draw_pixels()[40:, :].astype(np.int16)).max() <= 8


def test_a_picture_that_would_be_mostly_grey_is_left_out_and_said_so(photos: Path) -> None:
    found = append(photos, make_review(unsure(Area(0, 0, WIDTH_PX, 41))))
    assert found.pictures == ()
    assert [entry.code for entry in found.left_out] == ["mostly_unsure"]


def test_a_turned_photo_is_cut_as_people_see_it(tmp_path: Path) -> None:
    upright = draw_pixels()
    (tmp_path / "photos" / "flight7").mkdir(parents=True)
    exif = Image.Exif()
    exif[0x0112] = 8  # to be turned a quarter to the left to be upright
    lying = Image.fromarray(np.rot90(upright, k=-1))
    lying.save(tmp_path / "photos" / "flight7" / "photo.png", exif=exif)
    found = append(tmp_path / "photos", make_review(looked_at=CROP))
    shown = upright[4:44, 8:58].astype(np.int16)
    assert np.abs(pixels_of(tmp_path / "photos", found) - shown).max() <= 8


def test_a_known_picture_stays_in_its_split_and_new_ones_are_trained_with(photos: Path) -> None:
    place = SplitAndGroup(split="test", group="flights/flight7")
    known = {sha256_of(photos / "flight7" / "photo.png"): place}
    (one,) = append(photos, make_review(), known=known).pictures
    assert (one.picture.split, one.picture.group) == ("test", "flights/flight7")
    (one,) = append(photos, make_review()).pictures
    assert (one.picture.split, one.picture.group) == ("train", "reviews/flight7")
    (one,) = append(photos, make_review(), shares={"val": 1.0}).pictures
    assert one.picture.split == "val"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"picture": "flight7/absent.png"}, "absent"),
        ({"sha256": "0" * 64}, "other_file"),
        ({"width_px": WIDTH_PX + 1}, "other_file"),
        ({"looked_at": Area(0, 0, 31, 40)}, "too_small"),
    ],
)
def test_what_cannot_be_learned_from_is_left_out_and_the_others_go_on(
    photos: Path, changes: dict[str, Any], code: str
) -> None:
    Image.new("RGB", (WIDTH_PX, HEIGHT_PX)).save(photos / "other.png")
    good = make_review(picture="other.png")
    found = append(photos, replace(make_review(), **changes), good)
    assert [entry.code for entry in found.left_out] == [code]
    assert len(found.pictures) == 1


def test_a_broken_picture_is_left_out(photos: Path) -> None:
    (photos / "flight7" / "photo.png").write_bytes(b"no picture")
    assert [entry.code for entry in append(photos, make_review()).left_out] == ["undecodable"]


def test_a_picture_reviewed_under_two_names_is_used_once(photos: Path) -> None:
    (photos / "copy.png").write_bytes((photos / "flight7" / "photo.png").read_bytes())
    found = append(photos, make_review(), make_review(picture="copy.png"))
    assert len(found.pictures) == 1
    assert [entry.code for entry in found.left_out] == ["duplicate"]


def test_a_link_out_of_the_folder_is_not_followed(photos: Path, tmp_path: Path) -> None:
    (photos / "flight7" / "photo.png").rename(tmp_path / "secret.png")
    (photos / "flight7" / "photo.png").symlink_to(tmp_path / "secret.png")
    assert [entry.code for entry in append(photos, make_review()).left_out] == ["absent"]


def test_the_same_reviews_give_the_same_bytes(photos: Path) -> None:
    reviews = [make_review(unsure(BOX)), make_review(looked_at=CROP, hour=1)]
    assert append(photos, *reviews) == append(photos, *reversed(reviews))


def test_label_studio_needs_to_be_told_what_was_asked(photos: Path) -> None:
    file = photos.parent / "export.json"
    file.write_text("[]", encoding="utf-8")
    arguments: dict[str, Any] = {"pictures": photos, "folder": photos.parent / "set", "known": {}}
    with pytest.raises(DatasetError, match="does not say which classes were asked about"):
        write_reviewed_pictures(file, options=ReviewOptions(), **arguments)
    options = ReviewOptions(asked_classes=(GARBAGE,), view=View.DRONE)
    assert write_reviewed_pictures(file, options=options, **arguments).pictures == ()


def test_the_source_says_who_reviewed_when_and_whose_boxes(photos: Path) -> None:
    second = make_review(reviewer="bob", hour=24)
    source = append(photos, make_review(), second, licence="the bureau's own").source
    assert source.origin == "2 reviews by 2 reviewers, 2026-11-20 to 2026-11-21"
    assert source.licence == "the bureau's own"
    assert "patrol-n 0.2.0" in source.note


def test_new_pictures_of_a_known_flight_join_its_split(photos: Path) -> None:
    Image.new("RGB", (WIDTH_PX, HEIGHT_PX)).save(photos / "new.png")
    place = SplitAndGroup(split="test", group="flights/flight7")
    known = {sha256_of(photos / "flight7" / "photo.png"): place}
    found = append(photos, make_review(), make_review(picture="new.png"), known=known)
    assert {(one.picture.split, one.picture.group) for one in found.pictures} == {
        ("test", "flights/flight7")
    }
    # Also where the review names the set's own group.
    (one,) = append(
        photos, make_review(picture="new.png", group="flights/flight7"), known=known
    ).pictures
    assert (one.picture.split, one.picture.group) == ("test", "flights/flight7")


def test_a_group_that_is_none_of_the_set_says_nothing_of_splits(photos: Path) -> None:
    for name, grey in (("a.png", 10), ("b.png", 20), ("new.png", 30)):
        Image.new("RGB", (WIDTH_PX, HEIGHT_PX), (grey,) * 3).save(photos / name)
    known = {
        sha256_of(photos / "a.png"): SplitAndGroup(split="val", group="x/1"),
        sha256_of(photos / "b.png"): SplitAndGroup(split="test", group="x/2"),
    }
    reviews = [make_review(picture=name) for name in ("a.png", "b.png", "new.png")]
    found = append(photos, *reviews, known=known)
    assert sorted((one.picture.split, one.picture.group) for one in found.pictures) == [
        ("test", "x/2"),
        ("train", "reviews/flight7"),
        ("val", "x/1"),
    ]


def test_pictures_of_unknown_flights_are_no_kin(photos: Path) -> None:
    Image.new("RGB", (WIDTH_PX, HEIGHT_PX)).save(photos / "new.png")
    known = {sha256_of(photos / "flight7/photo.png"): SplitAndGroup(split="test", group="x/1")}
    reviews = [
        make_review(picture=name, group="unknown") for name in ("flight7/photo.png", "new.png")
    ]
    found = append(photos, *reviews, known=known)
    assert sorted(one.picture.split for one in found.pictures) == ["test", "train"]


def read_text_of_reviews(
    photos: Path, text: bytes, name: str = "reviews.jsonl"
) -> ReviewedPictures:
    file = photos.parent / name
    file.write_bytes(text)
    options = ReviewOptions(asked_classes=(GARBAGE,), view=View.STREET)
    folder = photos.parent / "set"
    return write_reviewed_pictures(file, pictures=photos, folder=folder, options=options, known={})


@pytest.mark.parametrize(
    "bad",
    [
        b'{"schema_version": "1", "picture": "flight7/ph',
        b"\xff\xfe",
        b'{"schema_version": "2"}',
        b"[" * 100_000,
        format_review(make_review()).replace(GARBAGE, "of_another_taxonomy").encode(),
        format_review(make_review()).replace("flight7/photo", "../../etc/photo").encode(),
        format_review(make_review(group="GROUP")).replace("GROUP", "\\ud800").encode(),
    ],
)
def test_a_line_that_is_no_review_does_not_stop_the_others(photos: Path, bad: bytes) -> None:
    found = read_text_of_reviews(photos, bad + b"\r\n" + format_review(make_review()).encode())
    assert len(found.pictures) == 1
    (left_out,) = found.left_out
    assert (left_out.picture, left_out.code) == ("line 1 of reviews.jsonl", "not_readable")


def test_pictures_reviewed_in_contradictory_ways_do_not_stop_the_others(photos: Path) -> None:
    Image.new("RGB", (WIDTH_PX, HEIGHT_PX)).save(photos / "other.png")
    reviews = (make_review(sha256="a" * 64), make_review(sha256="b" * 64, hour=1))
    found = append(photos, *reviews, make_review(picture="other.png"))
    assert len(found.pictures) == 1
    (left_out,) = found.left_out
    assert (left_out.picture, left_out.code) == ("flight7/photo.png", "contradictory")


def test_the_same_line_twice_is_one_review(photos: Path) -> None:
    once = append(photos, make_review(confirmed(BOX))).pictures
    assert append(photos, make_review(confirmed(BOX)), make_review(confirmed(BOX))).pictures == once


@pytest.mark.parametrize(
    "bad",
    [
        '{"id": 1}',
        '{"id": 1, "data": {"picture": "a.png"}, "annotations": [{"id": 3}]}',
        '{"id": 1, "data": {"picture": "\\ud800.png"}}',
        "7",
    ],
)
def test_a_task_that_is_none_does_not_stop_the_others(photos: Path, bad: str) -> None:
    good = (
        '{"id": 2, "data": {"picture": "flight7/photo.png"}, "annotations": '
        '[{"id": 3, "created_at": "2026-11-24T20:07:32Z", "result": []}]}'
    )
    found = read_text_of_reviews(photos, f"[{bad}, {good}]".encode(), name="reviews.json")
    assert len(found.pictures) == 1
    (left_out,) = found.left_out
    assert (left_out.picture, left_out.code) == ("task 1 of the file", "not_readable")


@pytest.mark.parametrize("address", ["http://[", "../../../etc/passwd", "", "http://host/%00"])
def test_addresses_that_mean_no_picture_of_the_folder_are_left_out(
    photos: Path, address: str
) -> None:
    text = (
        f'[{{"id": 2, "data": {{"image": "{address}"}}, "annotations": '
        '[{"id": 3, "created_at": "2026-11-24T20:07:32Z", "result": []}]}]'
    )
    found = read_text_of_reviews(photos, text.encode(), name="reviews.json")
    assert [one.code for one in found.left_out] == ["picture_not_found"]
