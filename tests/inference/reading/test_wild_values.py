"""Whatever numbers a photo holds, what comes of them is a place or a reason why there is none."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from inference.geometry.coverage import ground_sample_distance_m, plan_footprint
from inference.geometry.heights import plan_view
from inference.geometry.locate import locate
from inference.geometry.uncertainty import full_covariance
from inference.geometry.view import View
from inference.reading.content_type import ContentType
from inference.reading.limits import DEFAULT_LIMITS
from inference.reading.metadata import PhotoMetadata
from inference.reading.photo_file import PhotoFile
from inference.reading.read_photo import parse_photo_metadata
from inference.receipt import NotPlaced, ReasonCode
from inference.sighting import Detection

XMP = """<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF
 xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description
 xmlns:drone-dji="http://www.dji.com/drone-dji/1.0/" {properties}/></rdf:RDF></x:xmpmeta>"""
FLIGHT = {
    "GpsLatitude": "30.25", "GpsLongitude": "120.15", "RelativeAltitude": "+50.00",
    "GimbalYawDegree": "0", "GimbalPitchDegree": "-60", "GimbalRollDegree": "0",
    "CalibratedFocalLength": "400", "CalibratedOpticalCenterX": "300",
    "CalibratedOpticalCenterY": "225",
}  # fmt: skip
NAMES = [*FLIGHT, "LRFTargetDistance", "RtkFlag", "RtkStdLon", "RtkStdLat", "RtkStdHgt",
         "UTCAtExposure", "DewarpData"]  # fmt: skip

wild_texts = st.one_of(
    st.floats().map(repr),
    st.sampled_from(["", "1/0", "50", "²", "9" * 5000, "1e-308", "9999-12-31T23:59:60"]),
    st.lists(st.floats(), min_size=9, max_size=9).map(lambda k: ",".join(map(repr, k))),
)


def read(**changes: str) -> PhotoMetadata:
    properties = " ".join(f'drone-dji:{name}="{text}"' for name, text in (FLIGHT | changes).items())
    photo = PhotoFile(
        data=b"",
        content_type=ContentType.JPEG,
        width_px=600,
        height_px=450,
        xmp_packets=(XMP.format(properties=properties).encode(),),
    )
    return parse_photo_metadata(photo, assumed_zone=None, limits=DEFAULT_LIMITS)


def assert_placed_or_refused(view: View | NotPlaced) -> None:
    if isinstance(view, NotPlaced):
        return
    gsd_m, footprint = ground_sample_distance_m(view), plan_footprint(view)
    assert gsd_m is None or 0 < gsd_m < np.inf
    assert isinstance(footprint, NotPlaced) or np.isfinite(footprint.ring_wgs84).all()
    for box in ((290.0, 215.0, 310.0, 235.0), (0.0, 0.0, 600.0, 450.0), (0.0, 0.0, 1.0, 1.0)):
        detection = Detection(
            id="1", photo_sha256="a", class_name="exposed_garbage", confidence=0.5,
            box_photo=box, appearance=np.ones(1, dtype=np.float32),
        )  # fmt: skip
        place = locate(detection, view)
        if not isinstance(place, NotPlaced):
            assert abs(place.latitude_deg) <= 90
            assert abs(place.longitude_deg) <= 180
            assert np.isfinite(full_covariance(place)).all()


def test_an_honest_photo_has_a_view() -> None:
    assert isinstance(plan_view(read()), View)


@given(st.dictionaries(st.sampled_from(NAMES), wild_texts, min_size=1, max_size=3))
@example({"CalibratedOpticalCenterX": "1e-300", "CalibratedOpticalCenterY": "1e-300"})
@example({"CalibratedOpticalCenterX": "1e308", "CalibratedOpticalCenterY": "1e308"})
@example({"CalibratedFocalLength": "1e-300"})
@example({"RelativeAltitude": "2"})  # lower than an object may be high
@example({"GimbalPitchDegree": "1e-308"})
@example({"LRFTargetDistance": "1e-300"})
@example({"LRFTargetDistance": "1e308"})
@example({"RtkFlag": "50", "RtkStdHgt": "1e308"})
@example({"DewarpData": "2022-06-08;400,400,0,0,0,0,9,9,0"})
def test_no_value_makes_anything_but_a_place_or_a_reason(changes: dict[str, str]) -> None:
    assert_placed_or_refused(plan_view(read(**changes)))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"RtkFlag": "32", "RtkStdLon": "5000"}, ReasonCode.NO_GPS),
        ({"CalibratedFocalLength": "40"}, ReasonCode.NO_FOCAL_LENGTH),  # 4 mm on 36 mm film
        ({"CalibratedFocalLength": "1e9"}, ReasonCode.NO_FOCAL_LENGTH),
    ],
)
def test_what_no_camera_has_is_refused(changes: dict[str, str], code: ReasonCode) -> None:
    view = plan_view(read(**changes))
    assert isinstance(view, NotPlaced)
    assert view.code is code


def test_a_calibration_that_folds_the_picture_over_gives_way_to_the_next_best() -> None:
    view = plan_view(read(DewarpData="2022-06-08;400,400,0,0,-1,0,0,0,0"))
    assert isinstance(view, View)
    assert view.camera.source == "calibrated"


def test_a_laser_distance_that_no_rangefinder_has_is_reported() -> None:
    photo = read(LRFTargetDistance="100000")
    assert photo.laser_distance_m is None
    assert ReasonCode.BAD_VALUE in {reason.code for reason in photo.reasons}
