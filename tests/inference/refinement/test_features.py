"""What points of a photo are found, kept and read again."""

import struct
import zlib

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from inference.refinement.features import (
    HEADER,
    MAGIC,
    MAX_POINTS,
    VERSION,
    Features,
    describe_features,
    features_to_bytes,
    map_to_photo,
    parse_features,
)


def make_features(count: int = 40, *, seed: int = 0) -> Features:
    rng = np.random.default_rng(seed)
    return Features(
        pixels=rng.uniform(0, 4000, (count, 2)).astype(np.float32),
        descriptors=rng.integers(0, 64, (count, 128)).astype(np.uint8),
    )


def draw_blots(middles: NDArray[np.float64], *, width_px: int, height_px: int) -> NDArray[np.uint8]:
    """Return a picture with one bright, round blot around each middle, exact below a pixel."""
    rows, columns = np.mgrid[:height_px, :width_px]
    shades = np.full((height_px, width_px), 60.0)
    for x, y in middles:
        shades += 150.0 * np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * 12.0**2))
    return np.repeat(np.rint(shades).astype(np.uint8)[:, :, None], 3, axis=2)


@pytest.mark.parametrize("size", [(1, 1), (10, 10), (20, 33), (4000, 3), (300, 400)])
def test_a_picture_without_texture_has_no_points(size: tuple[int, int]) -> None:
    features = describe_features(np.full((*size, 3), 90, dtype=np.uint8))
    assert features.pixels.shape == (0, 2)
    assert features.descriptors.shape == (0, 128)


def test_a_tiny_picture_with_texture_does_no_harm(draw_ground) -> None:
    for side in range(1, 40):
        features = describe_features(draw_ground(1, width_px=side, height_px=40 - side))
        assert len(features.pixels) == len(features.descriptors)


def test_noise_of_a_dark_frame_is_no_texture() -> None:
    noise = np.random.default_rng(1).normal(20.0, 0.4, (400, 500, 1))
    features = describe_features(np.repeat(np.rint(noise).astype(np.uint8), 3, axis=2))
    assert len(features.pixels) < 25


def test_points_are_few_and_inside_and_in_order(draw_ground) -> None:
    features = describe_features(draw_ground(1, width_px=1200, height_px=900))
    assert 1000 < len(features.pixels) <= MAX_POINTS
    assert (features.pixels.dtype, features.descriptors.dtype) == (np.float32, np.uint8)
    x, y = features.pixels.T
    assert x.min() >= -0.5
    assert y.min() >= -0.5
    assert x.max() <= 1199.5
    assert y.max() <= 899.5
    assert (np.diff(y) >= 0).all()


def test_points_lie_where_things_are_on_the_unreduced_photo() -> None:
    # 1600 x 1200 is reduced by 2.77: without the half pixel of the centres all would be off by
    # (2.77 - 1) / 2 = 0.9, and by as much again as SIFT's own doubling leaves, 0.7.
    middles = np.array([[200.0, 300.0], [700.25, 810.5], [1300.5, 400.75], [1000.0, 1000.0]])
    features = describe_features(draw_blots(middles, width_px=1600, height_px=1200))
    apart_px = np.linalg.norm(features.pixels[None] - middles[:, None], axis=2).min(axis=1)
    assert apart_px.max() < 0.3


def test_a_dim_half_of_the_photo_has_its_points_too(draw_ground) -> None:
    picture = draw_ground(1)
    picture[:, :400] = 40 + picture[:, :400] // 4  # deep shade
    features = describe_features(picture)
    share = (features.pixels[:, 0] < 400).mean()
    assert 0.3 < share < 0.7


def test_the_same_photo_gives_the_same_bytes_on_any_number_of_threads(draw_ground) -> None:
    picture = draw_ground(1)
    threads = cv2.getNumThreads()
    try:
        found = set()
        for count in (1, 2, 7, 7):
            cv2.setNumThreads(count)
            cv2.setRNGSeed(count)
            found.add(features_to_bytes(describe_features(picture)))
    finally:
        cv2.setNumThreads(threads)
    assert len(found) == 1


def test_the_photo_is_left_as_it_is(draw_ground) -> None:
    picture = draw_ground(1)
    before = picture.copy()
    describe_features(picture)
    assert np.array_equal(picture, before)


sizes = st.tuples(st.integers(1, 20_000), st.integers(1, 20_000))


@given(reduced=sizes, photo=sizes)
def test_edges_and_middle_of_the_copy_are_edges_and_middle_of_the_photo(
    reduced: tuple[int, int], photo: tuple[int, int]
) -> None:
    far_edge, middle = np.array(reduced) - 0.5, (np.array(reduced) - 1) / 2
    points = np.array([[-0.5, -0.5], far_edge, middle])
    mapped = map_to_photo(points, reduced_size_px=reduced, photo_size_px=photo)
    expected = np.array([[-0.5, -0.5], np.array(photo) - 0.5, (np.array(photo) - 1) / 2])
    assert mapped == pytest.approx(expected, abs=1e-6)


@given(count=st.integers(0, 60), seed=st.integers(0, 2**32 - 1))
def test_points_are_read_as_they_were_kept(count: int, seed: int) -> None:
    features = make_features(count, seed=seed)
    again = parse_features(features_to_bytes(features))
    assert np.array_equal(again.pixels, features.pixels)
    assert np.array_equal(again.descriptors, features.descriptors)
    assert (again.pixels.dtype, again.descriptors.dtype) == (np.float32, np.uint8)


@given(data=st.data())
def test_a_changed_byte_is_noticed(data: st.DataObject) -> None:
    kept = bytearray(features_to_bytes(make_features(5)))
    place = data.draw(st.integers(0, len(kept) - 1))
    kept[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(ValueError, match="features"):
        parse_features(bytes(kept))


@given(data=st.data())
def test_a_missing_end_is_noticed(data: st.DataObject) -> None:
    kept = features_to_bytes(make_features(5))
    with pytest.raises(ValueError, match="features"):
        parse_features(kept[: data.draw(st.integers(0, len(kept) - 1))])


@given(junk=st.binary(max_size=200))
def test_other_bytes_are_no_features(junk: bytes) -> None:
    with pytest.raises(ValueError, match="features"):
        parse_features(junk)


def make_kept(body: bytes, *, count: int, version: int = VERSION) -> bytes:
    """Return bytes whose checksum is right, whatever they hold."""
    return HEADER.pack(MAGIC, version, count, zlib.crc32(body)) + body


@pytest.mark.parametrize(
    "kept",
    [
        make_kept(zlib.compress(bytes(136)), count=1, version=VERSION + 1),
        make_kept(zlib.compress(bytes(135)), count=1),
        make_kept(zlib.compress(bytes(50_000_000)), count=1),
        make_kept(b"not compressed", count=1),
        make_kept(zlib.compress(struct.pack("<2f", float("nan"), 0.0) + bytes(128)), count=1),
    ],
    ids=["later version", "too short", "far too long", "not compressed", "at no pixel"],
)
def test_what_does_not_fit_its_header_is_refused(kept: bytes) -> None:
    with pytest.raises(ValueError, match="features"):
        parse_features(kept)
