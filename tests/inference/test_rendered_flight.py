"""From true boxes in rendered photos to places: everything behind the detector, with no model."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from datasets.scenes.flight import FlightPlan, plan_shots, render_flight
from datasets.scenes.plans import demo_plan, scene_camera
from datasets.scenes.truth import FlightTruth
from inference.geometry.frames import EnuFrame, wgs84_to_plane
from inference.geometry.uncertainty import circular_error_90_m, full_covariance
from inference.merging.flights import FlightPhoto
from inference.merging.reconcile import CandidateIssue
from inference.pipeline import conclude, plan_flights
from inference.reading.read_photo import read_photo_metadata
from inference.sighting import Detection, Placement


def plan_flight() -> FlightPlan:
    """Return the demonstration's flight over a coarser scene, in small photos."""
    plan, camera = demo_plan(), scene_camera(800, 600)
    shots = plan_shots(rows=3, columns=3, camera=camera, height_m=plan.height_m, overlap=0.6)
    return replace(
        plan,
        scene=replace(plan.scene, texel_m=0.15),
        camera=camera,
        shots=(*shots, *plan.shots[9:]),
    )


def find_true_boxes(truth: FlightTruth) -> dict[str, list[Detection]]:
    """Return the true boxes by photo, as a perfect detector would give them."""
    return {
        photo.file_name: [
            Detection(
                id=f"{box.object_id}/{photo.file_name}",
                photo_sha256=photo.file_name,
                class_name=box.class_name,
                confidence=0.8,
                box_photo=box.box_photo,
                appearance=np.array([1.0], dtype=np.float32),
            )
            for box in photo.boxes
        ]
        for photo in truth.photos
    }


def shown_objects(issue: CandidateIssue) -> set[str]:
    return {sighting.detection.id.partition("/")[0] for sighting in issue.sightings}


def distance_m(place: Placement, truth: FlightTruth, object_id: str) -> float:
    true = next(entry for entry in truth.objects if str(entry.id) == object_id)
    frame = EnuFrame(latitude_deg=true.latitude_deg, longitude_deg=true.longitude_deg)
    return float(np.hypot(*wgs84_to_plane(frame, place.latitude_deg, place.longitude_deg)[0]))


@pytest.mark.slow
def test_true_boxes_become_one_issue_an_object_where_it_really_is(tmp_path: Path) -> None:
    truth = render_flight(plan_flight(), tmp_path, seed=1)
    detections = find_true_boxes(truth)
    photos = [
        FlightPhoto(sha256=name, metadata=read_photo_metadata(tmp_path / name), folder="")
        for name in detections
    ]
    issues = conclude(plan_flights(photos, ground=None), detections, permits=[], grids=[]).issues
    shown = {str(box.object_id) for photo in truth.photos for box in photo.boxes}
    found = [shown_objects(issue) for issue in issues]
    assert len(found) == len(shown) > 10
    assert all(len(objects) == 1 for objects in found)
    assert set().union(*found) == shown

    inside = []
    for issue, (object_id,) in zip(issues, found, strict=True):
        assert isinstance(issue.position, Placement)
        ce90_m = circular_error_90_m(full_covariance(issue.position))
        inside.append(distance_m(issue.position, truth, object_id) <= ce90_m)
    # One flight has one draw of the biases: not nine of ten to the dot.
    assert np.mean(inside) >= 0.8
