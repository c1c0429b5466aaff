import numpy as np

from models.detector import Image
from service.privacy.privacy_filter import (
    FacesAndPlatesHidden,
    NothingHidden,
    PrivateKind,
    find_all,
    read_privacy_filter,
)


def make_photo(*, rows: int = 300, columns: int = 400) -> Image:
    photo = np.random.default_rng(3).integers(60, 100, (rows, columns, 3), np.uint8)
    photo[100:120, 200:220] = (0, 0, 255)
    photo[100:120:2, 200:220:2] = (0, 90, 160)  # fine detail, that must go
    return photo


def test_what_is_found_is_hidden_and_the_rest_stays(red_squares: type) -> None:
    privacy = FacesAndPlatesHidden(red_squares(), red_squares(min_side_px=1000))
    photo = make_photo()
    assert {found.kind for found in privacy.find(photo)} == {PrivateKind.FACE}
    hidden = privacy.hide(photo)
    steps = np.abs(np.diff(hidden[100:120, 200:220].astype(int), axis=1))
    assert steps.max() < 60  # from 90 within, and from 200 at the rim
    assert np.array_equal(hidden[:90], photo[:90])
    assert np.array_equal(hidden[:, :190], photo[:, :190])


def test_a_crop_of_the_hidden_photo_hides_what_its_edge_cuts(red_squares: type) -> None:
    privacy = FacesAndPlatesHidden(red_squares(), red_squares())
    crop = privacy.hide(make_photo())[90:130, 217:260]  # three columns of the square
    assert np.abs(np.diff(crop[10:30, :8].astype(int), axis=1)).max() < 60


def test_switched_off_nothing_is_looked_for_and_nothing_changed() -> None:
    privacy = read_privacy_filter(on=False)
    assert isinstance(privacy, NothingHidden)
    photo = make_photo()
    assert privacy.find(photo) == ()
    assert np.array_equal(privacy.hide(photo), photo)
    assert privacy.hide(photo) is not photo


def test_small_photos_are_searched_enlarged_and_large_ones_are_not(red_squares: type) -> None:
    # 6 px are too few for this finder; twice as large they are enough.
    small = np.full((300, 400, 3), 80, dtype=np.uint8)
    large = np.full((2000, 2400, 3), 80, dtype=np.uint8)
    for photo in (small, large):
        photo[50:56, 70:76] = (0, 0, 255)
    finder = red_squares(tile_px=256, min_side_px=10)
    assert len(find_all(small, finder, min_score=0.5)) == 1
    assert len(find_all(large, finder, min_score=0.5)) == 0


def test_the_real_filter_leaves_an_even_photo_as_it_is() -> None:
    privacy = read_privacy_filter(threads=1)
    photo = np.full((200, 300, 3), 120, dtype=np.uint8)
    assert privacy.find(photo) == ()
    assert np.array_equal(privacy.hide(photo), photo)
