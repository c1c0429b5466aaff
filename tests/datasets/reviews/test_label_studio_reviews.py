import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from datasets.errors import DatasetError
from datasets.labelled_picture import View
from datasets.reviews.areas import Area
from datasets.reviews.label_studio import (
    FoundPicture,
    LabelStudioProject,
    UnusedAnnotation,
    reviews_of_tasks,
)
from datasets.reviews.label_studio_tasks import parse_tasks
from datasets.reviews.review import PictureReview, ProposingModel, Verdict, area_of
from tests.datasets.reviews.factories import BILLBOARD, GARBAGE, STRUCTURE

PAYLOADS = Path(__file__).parents[4] / "shared/label_studio/payloads"
# A picture of 100 x 80 px: percent and pixels agree in columns, 10 % are 8 rows.
BOX_PERCENT = {"x": 10, "y": 10, "width": 20, "height": 30}
BOX = Area(10, 8, 30, 32)


def make_region(
    id_: str = "a", label: str = GARBAGE, *, origin: str | None = None, **percent: float
) -> dict[str, Any]:
    region: dict[str, Any] = {
        "id": id_,
        "type": "rectanglelabels",
        "original_width": 100,
        "original_height": 80,
        "image_rotation": 0,
        "value": {**BOX_PERCENT, **percent, "rotation": 0, "rectanglelabels": [label]},
    }
    return region if origin is None else {**region, "origin": origin}


def make_verdict(word: str, id_: str = "a") -> dict[str, Any]:
    return {"id": id_, "type": "choices", "from_name": "verdict", "value": {"choices": [word]}}


def make_task(
    *results: Mapping[str, Any],
    proposed: list[dict[str, Any]] | None = None,
    annotation: dict[str, Any] | None = None,
    **data: Any,
) -> dict[str, Any]:
    prediction = {"id": 4, "model_version": "patrol-n-0.3.0", "result": proposed or []}
    return {
        "id": 1,
        "data": {"image": "http://host/flight7/photo.png?X-Amz-Signature=1f", **data},
        "annotations": [
            {
                "id": 3,
                "completed_by": 7,
                "was_cancelled": False,
                "created_at": "2026-11-24T20:33:12.497131Z",
                "result": list(results),
                "prediction": prediction if proposed else {},
                **(annotation or {}),
            }
        ],
        "predictions": [4],
    }


def read(*tasks: dict[str, Any]) -> tuple[list[PictureReview], list[UnusedAnnotation]]:
    picture = FoundPicture(path="flight7/photo.png", width_px=100, height_px=80)
    project = LabelStudioProject(
        asked_classes=(GARBAGE, BILLBOARD),
        view=View.STREET,
        find_picture=lambda reference: picture if reference.endswith("photo.png") else None,
    )
    return reviews_of_tasks(parse_tasks(json.dumps(list(tasks))), project)


def read_one(task: dict[str, Any]) -> PictureReview:
    reviews, unused = read(task)
    assert unused == []
    return reviews[0]


def test_a_region_is_judged_by_the_verdict_that_shares_its_id() -> None:
    review = read_one(
        make_task(
            make_region("a"),
            make_verdict("confirm", "a"),
            make_region("b", x=50),
            make_verdict("reject", "b"),
            make_region("c", y=60),
            make_verdict("unsure", "c"),
            proposed=[make_region("a"), make_region("b", x=50), make_region("c", y=60)],
        )
    )
    assert [box.verdict for box in review.boxes] == [
        Verdict.CONFIRMED,
        Verdict.REJECTED,
        Verdict.UNSURE,
    ]
    first = review.boxes[0]
    assert first.final is not None
    assert area_of(first.final) == BOX


def test_a_moved_or_renamed_proposal_is_corrected() -> None:
    review = read_one(
        make_task(
            make_region("a", x=20, origin="prediction-changed"),
            make_verdict("confirm", "a"),
            make_region("b", BILLBOARD),
            make_verdict("confirm", "b"),
            proposed=[make_region("a"), make_region("b")],
        )
    )
    moved, renamed = review.boxes
    assert moved.verdict is renamed.verdict is Verdict.CORRECTED
    assert moved.proposed is not None
    assert moved.final is not None
    assert (moved.proposed.area, area_of(moved.final)) == (BOX, Area(20, 8, 40, 32))
    assert renamed.final is not None
    assert renamed.final.class_name == BILLBOARD


def test_a_drawn_region_is_added_and_a_deleted_proposal_rejected() -> None:
    review = read_one(
        make_task(
            make_region("mine", x=60, origin="manual"),
            make_verdict("confirm", "mine"),
            proposed=[make_region("a")],
        )
    )
    assert [box.verdict for box in review.boxes] == [Verdict.ADDED, Verdict.REJECTED]


def test_without_any_verdicts_what_a_reviewer_left_and_submitted_is_confirmed() -> None:
    review = read_one(make_task(make_region("a"), proposed=[make_region("a")]))
    assert [box.verdict for box in review.boxes] == [Verdict.CONFIRMED]


def test_a_region_without_a_verdict_among_others_with_one_is_unsure() -> None:
    review = read_one(
        make_task(
            make_region("a"),
            make_region("b", x=50),
            make_verdict("confirm", "b"),
            proposed=[make_region("a"), make_region("b", x=50)],
        )
    )
    assert [box.verdict for box in review.boxes] == [Verdict.UNSURE, Verdict.CONFIRMED]


def test_a_verdict_on_the_whole_picture_goes_for_all_proposals() -> None:
    review = read_one(
        make_task(make_region("a"), make_verdict("reject", "v1"), proposed=[make_region("a")])
    )
    assert [box.verdict for box in review.boxes] == [Verdict.REJECTED]


def test_an_untouched_proposal_is_known_even_where_the_file_lacks_the_prediction() -> None:
    review = read_one(make_task(make_region("a", origin="prediction"), make_verdict("confirm")))
    assert [box.verdict for box in review.boxes] == [Verdict.CONFIRMED]
    assert review.model is None


def test_an_empty_annotation_is_a_picture_in_which_nothing_was_found() -> None:
    review = read_one(make_task())
    assert review.boxes == ()
    assert review.looked_at == review.whole


def test_who_when_and_which_model_are_told() -> None:
    later = {"completed_by": {"id": 9, "email": "x@example.com"}}
    later["updated_at"] = "2026-11-25T08:00:00+08:00"  # type: ignore[assignment]
    review = read_one(make_task(make_region(), proposed=[make_region()], annotation=later))
    assert review.reviewer == "label_studio_9"
    assert review.reviewed_at.isoformat() == "2026-11-25T00:00:00+00:00"
    assert review.model == ProposingModel(name="patrol-n", version="0.3.0")


def test_a_task_may_say_what_was_shown_and_asked() -> None:
    review = read_one(make_task(looked_at=[0, 0, 50, 40], asked_classes=[STRUCTURE], group="slot3"))
    assert review.looked_at == Area(0, 0, 50, 40)
    assert review.asked_classes == (STRUCTURE,)
    assert review.group == "slot3"


def test_a_skipped_task_gives_no_review() -> None:
    reviews, unused = read(make_task(annotation={"was_cancelled": True}))
    assert reviews == []
    assert [one.code for one in unused] == ["skipped"]


@pytest.mark.parametrize(
    ("task", "code", "words"),
    [
        (make_task(image="http://host/other.png"), "picture_not_found", "no picture"),
        (make_task(make_region(label="pothole")), "not_readable", "'pothole' is no class"),
        (make_task({**make_region(), "original_width": 90}), "not_readable", "90 x 80"),
        (make_task({**make_region(), "image_rotation": 90}), "not_readable", "turned by 90"),
        (make_task(make_region(label=STRUCTURE)), "not_readable", "asked_classes"),
        (make_task(looked_at="left"), "not_readable", "not four whole numbers"),
        (make_task(looked_at=[0, 0, 900, 10]), "not_readable", "no part of the picture"),
    ],
)
def test_an_annotation_that_cannot_be_used_does_not_stop_the_others(
    task: dict[str, Any], code: str, words: str
) -> None:
    reviews, unused = read(task, make_task())
    assert len(reviews) == 1
    assert [one.code for one in unused] == [code]
    assert words in unused[0].reason


@pytest.mark.parametrize("text", ["", "7", '{"tasks": 3}', '[{"id": 1}]', "[" * 100_000])
def test_a_file_that_holds_no_tasks_is_refused(text: str) -> None:
    with pytest.raises(DatasetError):
        parse_tasks(text)


@pytest.mark.parametrize("key", ["d", "image"])
def test_label_studios_own_addresses_are_understood(key: str) -> None:
    address = {"d": "/data/local-files/?d=flight7/photo.png", "image": "/data/upload/1/photo.png"}
    assert read_one(make_task(image=address[key])).picture == "flight7/photo.png"


def read_payload(name: str) -> Any:
    path = PAYLOADS / name
    if not path.exists():
        pytest.skip("the recorded payloads are not here")
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.mark.shared
def test_a_review_made_in_the_real_page_is_read() -> None:
    body = read_payload("webhook_perRegion_from_real_UI.json")["body"]
    task = {**body["task"], "annotations": [body["annotation"]]}
    picture = FoundPicture(path="photo.jpg", width_px=1280, height_px=720)
    project = LabelStudioProject(
        asked_classes=(GARBAGE, BILLBOARD, STRUCTURE),
        view=View.DRONE,
        find_picture=lambda _: picture,
    )
    (review,), unused = reviews_of_tasks(parse_tasks(json.dumps([task])), project)
    assert unused == []
    moved, wrong = review.boxes
    # In the page the structure was dragged, then confirmed; the garbage was rejected.
    assert (moved.verdict, wrong.verdict) == (Verdict.CORRECTED, Verdict.REJECTED)
    assert moved.proposed is not None
    # 12, 55, 12 + 35 and 55 + 35 percent of 1280 x 720.
    assert moved.proposed.area.x_max == pytest.approx(601.6)
    assert moved.proposed.area.y_max == pytest.approx(648.0)


@pytest.mark.shared
@pytest.mark.parametrize(
    "name", ["export_JSON.json", "export_snapshot.json", "tasks_list_filtered_response.json"]
)
def test_recorded_exports_and_lists_are_read(name: str) -> None:
    text = json.dumps(read_payload(name))
    picture = FoundPicture(path="photo.jpg", width_px=1280, height_px=720)
    project = LabelStudioProject(
        asked_classes=(GARBAGE, BILLBOARD, STRUCTURE),
        view=View.DRONE,
        find_picture=lambda _: picture,
    )
    reviews, unused = reviews_of_tasks(parse_tasks(text), project)
    assert all(one.code == "skipped" for one in unused)
    # One verdict for the picture: reject.
    assert all(box.verdict is Verdict.REJECTED for review in reviews for box in review.boxes)
    assert len(reviews) == 1
