"""One object under several classes is one finding, told by boxes drawn here."""

import numpy as np

from inference.merging.other_classes import join_other_classes
from inference.receipt import NotPlaced, ReasonCode
from inference.sighting import Detection, Finding, OtherClass, Sighting

Box = tuple[float, float, float, float]
SHED: Box = (100.0, 100.0, 300.0, 300.0)
# 200 x 200 moved by 20: 36,000 shared of 44,000, an IoU of 0.82.
NEARLY_SHED: Box = (120.0, 100.0, 320.0, 300.0)
HEAP_BEFORE_IT: Box = (150.0, 200.0, 250.0, 300.0)


def make_finding(class_name: str, confidence: float, *boxes: tuple[str, Box]) -> Finding:
    not_placed = NotPlaced(code=ReasonCode.NO_HEIGHT)
    sightings = tuple(
        Sighting(
            detection=Detection(
                id=f"{class_name} in {photo}",
                photo_sha256=photo,
                class_name=class_name,
                confidence=confidence,
                box_photo=box,
                appearance=np.ones(1, np.float32),
            ),
            place=not_placed,
            captured_at=None,
            capture_uuid=None,
        )
        for photo, box in boxes
    )
    return Finding(
        id=sightings[0].detection.id,
        flight_id="flight",
        class_name=class_name,
        confidence=confidence,
        sightings=sightings,
        position=not_placed,
        independent_views=len(sightings),
    )


def test_the_surest_class_stands_and_the_other_is_told() -> None:
    shed = make_finding("structure", 0.8, ("a", SHED), ("b", SHED))
    board = make_finding("billboard", 0.5, ("b", NEARLY_SHED), ("c", SHED))
    (finding,) = join_other_classes([shed, board])
    assert (finding.id, finding.confidence) == (shed.id, 0.8)
    assert finding.sightings == shed.sightings
    assert finding.other_classes == (OtherClass(class_name="billboard", confidence=0.5),)


def test_a_heap_before_a_shed_stays_apart() -> None:
    findings = [
        make_finding("structure", 0.8, ("a", SHED)),
        make_finding("garbage", 0.7, ("a", HEAP_BEFORE_IT)),
    ]
    assert join_other_classes(findings) == findings


def test_the_same_box_in_another_photo_says_nothing() -> None:
    findings = [
        make_finding("structure", 0.8, ("a", SHED)),
        make_finding("billboard", 0.7, ("b", SHED)),
    ]
    assert join_other_classes(findings) == findings


def test_neighbours_of_one_class_are_left_to_merging() -> None:
    findings = [
        make_finding("structure", 0.8, ("a", SHED)),
        make_finding("structure", 0.7, ("a", NEARLY_SHED)),
    ]
    assert join_other_classes(findings) == findings


def test_several_doubts_are_sorted_the_surest_first() -> None:
    (finding,) = join_other_classes(
        [
            make_finding("structure", 0.9, ("a", SHED), ("b", SHED)),
            make_finding("billboard", 0.6, ("a", SHED)),
            make_finding("garbage", 0.5, ("b", SHED)),
            make_finding("billboard", 0.4, ("b", SHED)),
        ]
    )
    assert [(o.class_name, o.confidence) for o in finding.other_classes] == [
        ("billboard", 0.6),
        ("garbage", 0.5),
    ]
