"""Which points two photos have in common, and when it is better to say none."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from inference.geometry.camera import Camera, pixel_to_ray
from inference.geometry.distortion import Brown
from inference.refinement.features import Features, describe_features
from inference.refinement.matches import MAX_MATCHES, MIN_MATCHES, PairMatches, match_pair

Picture = NDArray[np.uint8]
Pixels = NDArray[np.float64]
WIDTH_PX, HEIGHT_PX = 800, 600


def match(first: Picture, second: Picture) -> PairMatches | None:
    return match_pair("a", describe_features(first), "b", describe_features(second))


def mean_error_px(matches: PairMatches | None, to_second: Callable[[Pixels], Pixels]) -> float:
    assert matches is not None
    off = np.linalg.norm(to_second(matches.pixels_first) - matches.pixels_second, axis=1)
    assert (off < 8.0).mean() > 0.98
    return float(np.median(off))


def test_a_photo_turned_by_half_is_matched(draw_ground) -> None:
    picture = draw_ground(1)
    matches = match(picture, np.ascontiguousarray(picture[::-1, ::-1]))
    error_px = mean_error_px(matches, lambda p: np.array([WIDTH_PX - 1, HEIGHT_PX - 1]) - p)
    assert error_px < 0.5


def test_a_photo_turned_by_a_quarter_is_matched(draw_ground) -> None:
    picture = draw_ground(1)
    # Clockwise: what was at (x, y) is at (height - 1 - y, x).
    matches = match(picture, np.ascontiguousarray(np.rot90(picture, -1)))
    assert mean_error_px(matches, lambda p: np.array([HEIGHT_PX - 1 - p[:, 1], p[:, 0]]).T) < 0.5


@pytest.mark.parametrize("scale", [0.5, 0.7, 1.4, 2.0])
def test_a_photo_from_another_height_is_matched(draw_ground, scale: float) -> None:
    picture = draw_ground(1)
    other = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    matches = match(picture, other)
    assert mean_error_px(matches, lambda p: (p + 0.5) * scale - 0.5) < 0.6 * max(scale, 1.0)


@pytest.mark.parametrize(("gain", "offset"), [(0.5, 10.0), (0.7, 70.0), (1.3, -20.0)])
def test_a_darker_or_hazier_photo_is_matched(draw_ground, gain: float, offset: float) -> None:
    picture = draw_ground(1)
    other = np.clip(picture * gain + offset, 0, 255).astype(np.uint8)
    assert mean_error_px(match(picture, other), lambda p: p) < 0.3


def test_a_photo_seen_from_the_side_is_matched(draw_ground) -> None:
    picture = draw_ground(1)
    corners = np.array([[0, 0], [799, 0], [799, 599], [0, 599]], dtype=np.float32)
    aslant = np.array([[150, 60], [640, 90], [790, 590], [10, 560]], dtype=np.float32)
    plane = cv2.getPerspectiveTransform(corners, aslant)
    other = np.asarray(cv2.warpPerspective(picture, plane, (WIDTH_PX, HEIGHT_PX)), dtype=np.uint8)
    matches = match(picture, other)
    assert mean_error_px(matches, lambda p: cv2.perspectiveTransform(p[None], plane)[0]) < 1.0


def test_photos_of_different_ground_have_nothing_in_common(draw_ground) -> None:
    described = [describe_features(draw_ground(seed)) for seed in range(6)]
    for row, first in enumerate(described):
        for second in described[row + 1 :]:
            assert match_pair("a", first, "b", second) is None


def test_photos_without_points_have_nothing_in_common(draw_ground) -> None:
    blank = describe_features(np.zeros((300, 400, 3), dtype=np.uint8))
    seen = describe_features(draw_ground(1))
    few = Features(pixels=seen.pixels[:10], descriptors=seen.descriptors[:10])
    for other in (blank, few):
        assert match_pair("a", seen, "b", other) is None
        assert match_pair("a", other, "b", seen) is None
        assert match_pair("a", other, "b", other) is None


def tile(pattern: Picture, *, times: int) -> Picture:
    return np.tile(pattern, (times, times, 1))


def add_noise(picture: Picture, *, seed: int, shades: float = 4.0) -> Picture:
    noise = np.random.default_rng(seed).normal(0.0, shades, picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("tile_px", [40, 80, 120])
@pytest.mark.parametrize("shift_px", [17, 55])
def test_a_roof_of_equal_tiles_tells_nothing(draw_ground, tile_px: int, shift_px: int) -> None:
    """Any shift by whole tiles fits as well, so that a match would be a guess."""
    roof = tile(draw_ground(2, width_px=tile_px, height_px=tile_px), times=960 // tile_px)
    first = add_noise(roof[:600, :800], seed=1)
    second = add_noise(roof[shift_px : 600 + shift_px, shift_px : 800 + shift_px], seed=2)
    assert match(first, second) is None


def test_a_field_of_equal_rows_tells_nothing(draw_ground) -> None:
    """Rows of plants: the same along a line, and again every 24 pixels."""
    rows = np.arange(700)[:, None] + 4.0 * np.sin(np.arange(900) / 80.0)[None, :]
    shades = 100 + 60 * np.sin(rows * 2 * np.pi / 24)
    field = np.repeat(shades[:, :, None], 3, axis=2).astype(np.uint8)
    first = add_noise(field[:600, :800], seed=1, shades=12.0)
    second = add_noise(field[31:631, 70:870], seed=2, shades=12.0)
    assert match(first, second) is None


def draw_sea(seconds: float) -> Picture:
    """Return 60 long and short waves from about one side, each at the speed of its length."""
    rng = np.random.default_rng(12)
    rows, columns = np.mgrid[:600, :800] * 0.1  # metres
    shades = np.full((600, 800), 110.0)
    for _ in range(60):
        number, angle = rng.uniform(0.5, 12.0), rng.normal(0.5, 0.5)
        # Deep water: the square of the angular frequency is 9.81 m/s2 times the wave number.
        turn = rng.uniform(0.0, 2 * np.pi) + np.sqrt(9.81 * number) * seconds
        along = columns * np.cos(angle) + rows * np.sin(angle)
        shades += 12.0 / np.sqrt(number) * np.sin(number * along - turn)
    return np.repeat(np.clip(shades, 0, 255)[:, :, None], 3, axis=2).astype(np.uint8)


def test_waves_tell_nothing() -> None:
    described = [describe_features(draw_sea(seconds)) for seconds in (0.0, 3.0, 6.0)]
    assert min(len(features.pixels) for features in described) > 200
    assert match_pair("a", described[0], "b", described[1]) is None
    assert match_pair("a", described[1], "b", described[2]) is None


def test_beside_a_roof_of_equal_tiles_the_rest_is_matched_rightly(draw_ground) -> None:
    ground = draw_ground(3, width_px=900, height_px=700)
    ground[100:400, 100:500] = tile(draw_ground(2, width_px=50, height_px=50), times=8)[:300, :400]
    first = add_noise(ground[:600, :800], seed=1)
    second = add_noise(ground[75:675, 60:860], seed=2)
    assert mean_error_px(match(first, second), lambda p: p - (60, 75)) < 0.5


def test_two_equal_houses_are_not_taken_for_each_other(draw_ground) -> None:
    """One photo shows both, the other one of them; the second is three of its widths away."""
    house = draw_ground(4, width_px=120, height_px=120)
    first, second = draw_ground(5), draw_ground(6)
    first[100:220, 100:220] = house
    first[100:220, 500:620] = house
    second[300:420, 400:520] = house
    matches = match(first, second)
    assert matches is None


def test_a_caption_in_all_photos_is_not_taken_for_ground(draw_ground) -> None:
    pictures = [draw_ground(seed, width_px=1600, height_px=1200) for seed in (7, 8)]
    for picture in pictures:
        text = "DJI 2026-05-12 10:22 40 m"
        cv2.putText(picture, text, (20, 60), cv2.FONT_HERSHEY_DUPLEX, 1.2, (255, 255, 255), 2)
    assert match(*pictures) is None


def test_matches_are_few_and_all_over_the_common_ground(draw_ground) -> None:
    ground = draw_ground(9, width_px=1200, height_px=600)
    matches = match(ground[:, :800], np.ascontiguousarray(ground[:, 400:]))
    assert matches is not None
    assert MIN_MATCHES <= len(matches.pixels_first) <= MAX_MATCHES
    # The common ground is x from 400 to 800: each sixth of it has its part of the matches.
    sixths = np.floor((matches.pixels_first - (400.0, 0.0)) / (400.0 / 3.0, 300.0))
    assert np.unique(sixths, axis=0, return_counts=True)[1].tolist() == pytest.approx(
        [25] * 6, abs=8
    )


def test_the_same_photos_give_the_same_matches(draw_ground) -> None:
    ground = draw_ground(10, width_px=1000, height_px=600)
    first = describe_features(ground[:, :800])
    second = describe_features(np.ascontiguousarray(ground[:, 200:]))
    threads = cv2.getNumThreads()
    try:
        found = set()
        for seed in (1, 2, 3):
            cv2.setRNGSeed(seed)
            cv2.setNumThreads(seed)
            matches = match_pair("a", first, "b", second)
            assert matches is not None
            found.add(matches.pixels_first.tobytes() + matches.pixels_second.tobytes())
    finally:
        cv2.setNumThreads(threads)
    assert len(found) == 1


@pytest.mark.parametrize("k1", [-0.3, 0.2])
def test_with_the_cameras_known_the_bent_edges_are_matched_too(draw_ground, k1: float) -> None:
    """Without them no single plane fits all of the ground, each photo being bent otherwise."""
    camera = Camera(
        width_px=WIDTH_PX,
        height_px=HEIGHT_PX,
        fx=500.0,
        fy=500.0,
        cx=399.5,
        cy=299.5,
        distortion=Brown(k1=k1),
        source="calibrated",
        focal_sigma_ratio=0.003,
    )
    ground = draw_ground(11, width_px=1600, height_px=1200)
    pixels = np.mgrid[:HEIGHT_PX, :WIDTH_PX][::-1].reshape(2, -1).T
    level = to_level_ground(camera, pixels).reshape(HEIGHT_PX, WIDTH_PX, 2).astype(np.float32)
    first, second = (
        describe_features(
            np.asarray(
                cv2.remap(ground, level + np.float32(place), None, cv2.INTER_LINEAR),
                dtype=np.uint8,
            )
        )
        for place in ((650.0, 530.0), (900.0, 610.0))
    )
    matches = match_pair("a", first, "b", second, cameras=(camera, camera))
    assert matches is not None
    moved = to_level_ground(camera, matches.pixels_second) - to_level_ground(
        camera, matches.pixels_first
    )
    assert np.abs(moved - np.array([-250.0, -80.0])).max() < 5.0
    assert matches.pixels_first[:, 0].max() > 750.0


def to_level_ground(camera: Camera, pixels: NDArray[np.generic]) -> Pixels:
    """Return (N, 2) where pixels of a photo taken straight down lie, in units of 1 / fx."""
    rays = pixel_to_ray(camera, pixels)
    return rays[:, :2] / rays[:, 2:] * camera.fx
