"""The page shows each doubt with its place in the picture."""

from pathlib import Path

import numpy as np

from training.label_review.doubts import find_doubts
from training.label_review.page import PageWords, draw_doubt, plan_crop, write_page
from training.trials.searched_pictures import ScoredBox, match_scored

KEYS = "missing nothing labelled found order unreadable doubt picture source"
WORDS = PageWords(
    html_language="zh-Hans",
    text={key: f"<{key}>" for key in KEYS.split()},
    class_title=str.upper,
)
SURE = {"exposed_garbage": 0.5}


def doubts_of(picture):
    box = ScoredBox(class_name="exposed_garbage", score=0.9, box=(60, 30, 80, 50))
    return find_doubts([match_scored(picture, [box])], confident=SURE)


def test_a_crop_shows_the_box_and_what_lies_around_within_the_picture(make_picture) -> None:
    (doubt,) = doubts_of(make_picture())
    # 24 pixels on each side, cut at the picture's edges of 100 x 80.
    assert plan_crop(doubt, width_px=100, height_px=80) == (36, 6, 100, 75)


def test_drawing_leaves_the_picture_as_it_is(make_picture) -> None:
    (doubt,) = doubts_of(make_picture())
    pixels = np.zeros((80, 100, 3), dtype=np.uint8)
    drawn = draw_doubt(pixels, doubt)
    assert pixels.max() == 0
    assert drawn.max() > 0


def test_the_page_names_everything_and_escapes_it(make_set, make_picture, tmp_path: Path) -> None:
    made = make_set([make_picture("<b>a")])
    pictures = {p.path: made.path_of(p) for p in made.pictures}
    page = write_page(
        doubts_of(made.pictures[0]),
        tmp_path / "out",
        title="T",
        notes=["N"],
        pictures=pictures,
        words=WORDS,
    )
    text = page.read_text()
    assert "&lt;b&gt;a.png" in text
    assert "<b>a" not in text
    assert 'src="crops/0001.jpg"' in text
    assert '<html lang="zh-Hans">' in text
    assert "&lt;missing&gt;" in text
    assert "EXPOSED_GARBAGE 0.90" in text
    assert (tmp_path / "out" / "crops" / "0001.jpg").is_file()


def test_a_picture_that_cannot_be_read_leaves_its_card(
    make_set, make_picture, tmp_path: Path
) -> None:
    made = make_set([make_picture("a")])
    doubts = doubts_of(made.pictures[0])
    made.path_of(made.pictures[0]).write_bytes(b"")
    pictures = {p.path: made.path_of(p) for p in made.pictures}
    page = write_page(doubts, tmp_path / "out", title="T", notes=[], pictures=pictures, words=WORDS)
    assert "&lt;unreadable&gt;" in page.read_text()
