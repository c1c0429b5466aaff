"""Which pictures decide on a threshold."""

from datasets.labelled_picture import Origin, View
from tests.training.evaluation.factories import make_picture, search_result
from training.evaluation.thresholds import choose_thresholds

BOX = (10.0, 10.0, 50.0, 50.0)
FAR = (200.0, 200.0, 240.0, 240.0)


def shown(path: str, score: float, **options):
    picture = make_picture([("garbage", *BOX)], path=path, **options)
    return search_result(picture, [("garbage", score, *BOX)])


def empty(path: str, score: float, **options):
    return search_result(make_picture(path=path, **options), [("garbage", score, *FAR)])


def test_empty_photos_from_a_drone_quieten_a_class_learned_on_streets() -> None:
    results = [shown("a", 0.9), shown("b", 0.4), empty("c", 0.6, view=View.DRONE)]
    point = choose_thresholds(results, ("garbage",))["garbage"]
    assert point.threshold > 0.6
    assert point.recall == 0.5
    assert point.alarms_per_picture == {"drone": 0.0}


def test_empty_photos_that_nobody_looked_through_for_the_class_say_nothing() -> None:
    results = [shown("a", 0.4), empty("c", 0.6, view=View.DRONE, labelled=("billboard",))]
    point = choose_thresholds(results, ("garbage",))["garbage"]
    assert point.threshold <= 0.4
    assert point.alarms_per_picture == {}


def test_rendered_pictures_decide_only_where_no_photo_shows_the_class() -> None:
    rendered = shown("r", 0.2, origin=Origin.RENDERED)
    with_photo = choose_thresholds([shown("a", 0.8), rendered], ("garbage",))["garbage"]
    assert with_photo.threshold > 0.2
    alone = choose_thresholds([rendered], ("garbage",))["garbage"]
    assert alone.threshold <= 0.2
    assert alone.recall == 1.0
