from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pillow_heif
import pytest
import rasterio
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps, TiffImagePlugin
from rasterio.errors import NotGeoreferencedWarning

from inference.errors import PhotoRejectedError
from inference.reading.decode import (
    ORIENTATIONS,
    box_photo_to_upright,
    box_upright_to_photo,
    read_pixels,
    stretch_to_bytes,
    turn_upright,
)
from inference.reading.limits import PhotoLimits
from inference.receipt import ReasonCode

ALL_ORIENTATIONS = sorted(ORIENTATIONS)
ORIENTATION_TAG = 0x0112


def rejection(path: Path, **options: Any) -> ReasonCode:
    with pytest.raises(PhotoRejectedError) as caught:
        read_pixels(path, **options)
    return caught.value.reason.code


@pytest.mark.parametrize("orientation", ALL_ORIENTATIONS)
def test_jpeg_pixels_stay_as_stored(make_photo: Any, orientation: int) -> None:
    path = make_photo(size=(96, 64), image={ORIENTATION_TAG: orientation})
    pixels = read_pixels(path)
    assert pixels.shape == (64, 96, 3)
    assert pixels.dtype == np.uint8
    # Blue, green, red: red grows to the right, green downwards.
    assert pixels[5, -5, 2] > 200 > pixels[5, 5, 2]
    assert pixels[-5, 5, 1] > 200 > pixels[5, 5, 1]


@pytest.mark.parametrize("orientation", ALL_ORIENTATIONS)
def test_tiff_pixels_stay_as_stored(tmp_path: Path, orientation: int) -> None:
    stored = np.zeros((40, 60, 3), dtype=np.uint8)
    stored[0, 0] = (255, 0, 0)  # red at the top left
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[ORIENTATION_TAG] = orientation
    path = tmp_path / "photo.tif"
    Image.fromarray(stored).save(path, tiffinfo=tags)
    pixels = read_pixels(path)
    assert pixels.shape == (40, 60, 3)
    assert tuple(pixels[0, 0]) == (0, 0, 255)
    assert pixels.sum() == 255


@pytest.mark.parametrize("orientation", ALL_ORIENTATIONS)
def test_turning_agrees_with_pillow(orientation: int) -> None:
    stored = np.arange(5 * 7 * 3, dtype=np.uint8).reshape(5, 7, 3)
    picture = Image.fromarray(stored)
    picture.getexif()[ORIENTATION_TAG] = orientation
    expected = np.asarray(ImageOps.exif_transpose(picture))
    turned = turn_upright(stored, orientation)
    assert np.array_equal(turned, expected)
    assert turned.flags["C_CONTIGUOUS"]


boxes = st.tuples(
    st.floats(0, 300, width=32), st.floats(0, 200, width=32), st.floats(0, 300, width=32),
    st.floats(0, 200, width=32),
)  # fmt: skip


@given(box=boxes, orientation=st.sampled_from(ALL_ORIENTATIONS))
def test_boxes_come_back_from_upright(
    box: tuple[float, float, float, float], orientation: int
) -> None:
    x1, y1, x2, y2 = box
    photo = np.array([[min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)]])
    before = photo.copy()
    upright = box_photo_to_upright(photo, orientation, width_px=300, height_px=200)
    back = box_upright_to_photo(upright, orientation, width_px=300, height_px=200)
    assert back == pytest.approx(photo, abs=1e-4)
    assert np.array_equal(photo, before)
    assert upright[0, 0] <= upright[0, 2]
    assert upright[0, 1] <= upright[0, 3]
    assert (upright >= 0).all()


@given(
    left=st.integers(0, 20),
    top=st.integers(0, 12),
    width=st.integers(1, 9),
    height=st.integers(1, 7),
    orientation=st.sampled_from(ALL_ORIENTATIONS),
)
def test_a_turned_box_holds_the_turned_pixels(
    left: int, top: int, width: int, height: int, orientation: int
) -> None:
    photo = np.zeros((20, 30, 3), dtype=np.uint8)
    photo[top : top + height, left : left + width] = 255
    box = np.array([[left, top, left + width, top + height]], dtype=np.float32)
    turned = turn_upright(photo, orientation)
    x1, y1, x2, y2 = box_photo_to_upright(box, orientation, width_px=30, height_px=20)[0].astype(
        int
    )
    assert (turned[y1:y2, x1:x2] == 255).all()
    assert turned.sum() == 3 * 255 * width * height


def test_no_boxes_stay_no_boxes() -> None:
    none = np.empty((0, 4), dtype=np.float32)
    assert box_photo_to_upright(none, 6, width_px=30, height_px=20).shape == (0, 4)


def test_sixteen_bits_are_stretched(tmp_path: Path) -> None:
    path = tmp_path / "band.tif"
    band = np.linspace(28740, 29308, 64 * 48).reshape(48, 64).astype(np.uint16)
    with (
        pytest.warns(NotGeoreferencedWarning),
        rasterio.open(
            path, "w", driver="GTiff", width=64, height=48, count=1, dtype="uint16"
        ) as file,
    ):
        file.write(band, 1)
    pixels = read_pixels(path)
    assert pixels.shape == (48, 64, 3)
    assert (pixels.min(), pixels.max()) == (0, 255)
    assert np.array_equal(pixels[..., 0], pixels[..., 2])


def test_stretching_survives_values_without_meaning() -> None:
    values = np.array([[[np.nan, 1.0], [3.0, np.inf]]], dtype=np.float32)
    assert stretch_to_bytes(values).tolist() == [[[0, 0], [255, 0]]]
    assert stretch_to_bytes(np.full((1, 2, 2), np.nan, dtype=np.float32)).max() == 0
    assert stretch_to_bytes(np.full((1, 2, 2), 7, dtype=np.uint16)).max() == 0


def test_heic_is_decoded_upright(tmp_path: Path) -> None:
    stored = np.zeros((64, 96, 3), dtype=np.uint8)
    stored[:, :48] = (200, 30, 30)
    exif = Image.Exif()
    exif[ORIENTATION_TAG] = 6
    path = tmp_path / "photo.heic"
    pillow_heif.from_pillow(Image.fromarray(stored)).save(path, quality=90, exif=exif.tobytes())
    assert read_pixels(path).shape == (96, 64, 3)


def test_a_grey_jpeg_has_three_channels(tmp_path: Path) -> None:
    path = tmp_path / "grey.jpg"
    cv2.imwrite(str(path), np.full((40, 50), 120, dtype=np.uint8))
    assert read_pixels(path).shape == (40, 50, 3)


def test_progressive_jpeg_is_read(tmp_path: Path) -> None:
    path = tmp_path / "progressive.jpg"
    Image.new("RGB", (80, 60), (10, 200, 30)).save(path, progressive=True)
    assert read_pixels(path).shape == (60, 80, 3)


def test_a_cut_off_photo_is_truncated(make_photo: Any) -> None:
    path = make_photo(size=(200, 200))
    path.write_bytes(path.read_bytes()[:-200])
    assert rejection(path) is ReasonCode.TRUNCATED


def test_a_cut_off_photo_with_an_end_put_behind_it_is_truncated(make_photo: Any) -> None:
    path = make_photo(size=(640, 480))
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 2 // 3] + b"\xff\xd9")
    assert rejection(path) is ReasonCode.TRUNCATED


def test_a_photo_cut_off_in_its_head_cannot_be_decoded(make_photo: Any) -> None:
    path = make_photo()
    path.write_bytes(path.read_bytes()[:60])
    assert rejection(path) is ReasonCode.CANNOT_DECODE


@pytest.mark.parametrize(
    ("dtype", "side_px", "code"),
    [
        ("float64", 8000, ReasonCode.TOO_MANY_BYTES),  # 8000 x 8000 x 3 x 8 bytes are 1.5 GB
        ("complex64", 64, ReasonCode.CANNOT_DECODE),
    ],
)
def test_values_that_no_photo_has_are_never_read(
    tmp_path: Path, dtype: str, side_px: int, code: ReasonCode
) -> None:
    path = tmp_path / "photo.tif"
    size = {"width": side_px, "height": side_px, "count": 3}
    layout = {"tiled": True, "compress": "deflate", "sparse_ok": True}
    with (
        pytest.warns(NotGeoreferencedWarning),
        rasterio.open(path, "w", driver="GTiff", dtype=dtype, **size, **layout),
    ):
        pass
    assert rejection(path) is code


def test_a_damaged_tiff_cannot_be_decoded(tmp_path: Path) -> None:
    path = tmp_path / "photo.tif"
    Image.new("RGB", (64, 64)).save(path, compression="tiff_deflate")
    data = path.read_bytes()
    path.write_bytes(data[:8] + b"\xff" * 60 + data[68:])
    assert rejection(path) is ReasonCode.CANNOT_DECODE


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        (PhotoLimits(max_pixels=96 * 64 - 1), ReasonCode.TOO_MANY_PIXELS),
        (PhotoLimits(max_bytes=500), ReasonCode.TOO_MANY_BYTES),
        (PhotoLimits(min_side_px=65), ReasonCode.TOO_SMALL),
    ],
)
def test_limits_are_checked_before_decoding(
    make_photo: Any, limits: PhotoLimits, code: ReasonCode
) -> None:
    assert rejection(make_photo(size=(96, 64)), limits=limits) is code


def test_a_header_that_claims_a_huge_picture_is_rejected_unread(make_photo: Any) -> None:
    path = make_photo(size=(96, 64))
    data = bytearray(path.read_bytes())
    frame = data.index(b"\xff\xc0")
    data[frame + 5 : frame + 9] = b"\xff\xff\xff\xff"  # 65535 rows and columns
    path.write_bytes(data)
    assert rejection(path) is ReasonCode.TOO_MANY_PIXELS
