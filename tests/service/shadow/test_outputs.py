import json
import re
from dataclasses import replace

import pytest

from service.shadow.compare import PhotoDifference, ShadowBox, total_classes
from service.shadow.outputs import MAX_PHOTOS_ON_PAGE, ShadowResult, render_json, render_page
from service.store.inspections import Run

RUN = Run(
    id="r",
    model_name="patrol-n",
    model_version="1",
    model_sha256="1" * 64,
    settings_hash="2" * 64,
    pipeline_version="2",
)


def make_result(*photos: PhotoDifference) -> ShadowResult:
    return ShadowResult(
        production=RUN,
        candidate=replace(RUN, model_version="2"),
        photos=9,
        totals=total_classes(photos, ("exposed_garbage",)),
        differences=photos,
    )


def make_photo(name: str, production: float | None, candidate: float | None) -> PhotoDifference:
    box = ShadowBox(
        class_name="exposed_garbage",
        box_photo=(1.0, 2.0, 30.5, 40.0),
        production=production,
        candidate=candidate,
    )
    return PhotoDifference(photo=name, boxes=(box,))


def test_json_tells_who_finds_what_and_how_surely() -> None:
    table = json.loads(render_json(make_result(make_photo("a.jpg", None, 0.81))))
    assert table["production"]["version"] == "1"
    assert table["candidate"]["version"] == "2"
    assert table["classes"] == [
        {
            "class": "exposed_garbage",
            "both": 0,
            "only_candidate": 1,
            "only_production": 0,
            "mean_confidence_difference": None,
        }
    ]
    assert table["differences"] == [
        {
            "photo": "a.jpg",
            "boxes": [
                {
                    "class": "exposed_garbage",
                    "box_photo_px": [1.0, 2.0, 30.5, 40.0],
                    "found_by": "candidate",
                    "production_confidence": None,
                    "candidate_confidence": 0.81,
                }
            ],
        }
    ]


@pytest.mark.parametrize(
    ("language", "word"), [("en", "the candidate alone"), ("zh", "仅候选模型")]
)
def test_the_page_speaks_both_languages_and_puts_differences_first(
    language: str, word: str
) -> None:
    page = render_page(
        make_result(make_photo("same.jpg", 0.5, 0.6), make_photo("new.jpg", None, 0.8)),
        language=language,
    )
    assert word in page
    assert "patrol-n-2" in page
    assert page.index("new.jpg") < page.index("same.jpg")
    assert "+0.10" in page


def test_a_name_is_text_on_the_page() -> None:
    page = render_page(make_result(make_photo("<script>x</script>", 0.5, None)), language="en")
    assert "<script" not in page
    assert not re.search(r"https?://", page)


def test_a_page_of_many_photos_ends_and_says_so() -> None:
    photos = [make_photo(f"{n:04d}.jpg", None, 0.8) for n in range(MAX_PHOTOS_ON_PAGE + 7)]
    page = render_page(make_result(*photos), language="en")
    assert page.count("<h2>") == MAX_PHOTOS_ON_PAGE
    assert "7 more photos" in page


def test_nothing_found_is_said() -> None:
    assert "Neither finds anything" in render_page(make_result(), language="en")
