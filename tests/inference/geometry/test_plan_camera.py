"""A photo's camera out of what is known of it, best first, and what is doubtful of it."""

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.geometry.camera import Camera, pixel_to_ray
from inference.geometry.camera_table import find_table_camera, read_camera_table
from inference.geometry.distortion import Brown, Fisheye
from inference.geometry.plan_camera import camera_reasons, plan_camera
from inference.reading.metadata import Band, Lens, PhotoKind, PhotoMetadata
from inference.reading.read_photo import read_photo_metadata
from inference.receipt import NotPlaced, Reason, ReasonCode

PHANTOM_DISTORTION = (-0.267, 0.112, 0.0009, 0.0001, -0.033)
PHANTOM = Lens(dewarp_px=(3656.0, 3652.0, 2735.5, 1823.5), calibrated_size_px=(5472, 3648))


def make_photo(
    lens: Lens,
    *,
    size: tuple[int, int] = (4000, 3000),
    make: str = "DJI",
    model: str | None = None,
) -> PhotoMetadata:
    return PhotoMetadata(
        width_px=size[0],
        height_px=size[1],
        orientation=1,
        kind=PhotoKind.DRONE,
        band=Band.VISUAL,
        make=make,
        model=model,
        lens=lens,
    )


def planned(lens: Lens, **kwargs: object) -> Camera:
    camera = plan_camera(make_photo(lens, **kwargs))
    assert isinstance(camera, Camera)
    return camera


def details(lens: Lens, **kwargs: object) -> list[str | None]:
    reasons = camera_reasons(make_photo(lens, **kwargs))
    assert {reason.code for reason in reasons} <= {ReasonCode.NOT_ORIGINAL_SIZE}
    return [reason.detail for reason in reasons]


def test_dewarp_data_is_taken_before_everything_else() -> None:
    lens = Lens(
        dewarp_px=(3000.0, 3010.0, 1990.0, 1510.0),
        distortion=PHANTOM_DISTORTION,
        calibrated_size_px=(4000, 3000),
        calibrated_focal_px=2900.0,
        focal_length_35mm=26.0,
    )
    camera = planned(lens)
    assert (camera.fx, camera.fy, camera.cx, camera.cy) == pytest.approx((3000, 3010, 1990, 1510))
    assert camera.distortion == Brown(k1=-0.267, k2=0.112, p1=0.0009, p2=0.0001, k3=-0.033)
    assert camera.source == "dewarp_data"


def test_a_measured_camera_is_trusted_more_than_a_type() -> None:
    measured = planned(PHANTOM, size=(5472, 3648))
    of_type = planned(Lens(calibrated_focal_px=3666.7), size=(5472, 3648))
    assert measured.focal_sigma_ratio < of_type.focal_sigma_ratio
    assert measured.center_sigma_px < of_type.center_sigma_px


def test_a_quarter_size_copy_has_a_quarter_of_the_focal_length_and_says_so() -> None:
    camera = planned(PHANTOM, size=(1368, 912))
    # The middle stays the middle: 2735.5 of 0..5471 becomes 683.5 of 0..1367.
    assert (camera.fx, camera.fy, camera.cx, camera.cy) == pytest.approx((914, 913, 683.5, 455.5))
    assert details(PHANTOM, size=(1368, 912)) == [
        "1368 x 912, calibrated for 5472 x 3648: scaled by 0.25"
    ]


def test_the_original_size_has_nothing_to_tell() -> None:
    assert details(PHANTOM, size=(5472, 3648)) == []


def test_a_part_cut_out_may_have_been_anywhere() -> None:
    camera = planned(PHANTOM, size=(3648, 3648))
    assert details(PHANTOM, size=(3648, 3648)) == [
        "3648 x 3648, calibrated for 5472 x 3648: cut out"
    ]
    # 1824 columns are gone; the axis is in the middle give or take a uniform distribution over
    # them: 1824 / sqrt(12) = 526.5. No rows are gone.
    assert camera.center_sigma_px[0] == pytest.approx(526.5, rel=0.001)
    assert camera.center_sigma_px[1] < 6.0
    assert (camera.fx, camera.cx) == pytest.approx((3656.0, 1823.5))
    assert camera.focal_sigma_ratio > 0.02


def test_a_wide_picture_of_a_known_camera_is_its_own_crop() -> None:
    lens = Lens(
        calibrated_focal_px=3666.7,
        calibrated_center_px=(2736.0, 1824.0),
        calibrated_size_px=(5472, 3648),
    )
    camera = planned(lens, size=(5472, 3078), model="FC6310")
    # 285 rows are gone at the top and as many below.
    assert (camera.fx, camera.cx, camera.cy) == pytest.approx((3666.7, 2736.0, 1539.0))
    assert details(lens, size=(5472, 3078), model="FC6310") == []
    assert camera.center_sigma_px[1] < 30.0
    # Of a camera that nobody knows it may be anybody's crop.
    assert details(lens, size=(5472, 3078)) == ["5472 x 3078, calibrated for 5472 x 3648: cut out"]


def test_the_table_puts_right_a_size_read_off_the_optical_centre() -> None:
    lens = Lens(
        calibrated_focal_px=3666.7,
        calibrated_center_px=(2740.0, 1830.0),
        calibrated_size_px=(5480, 3660),
    )
    assert details(lens, size=(1368, 912), model="FC6310R") == [
        "1368 x 912, calibrated for 5472 x 3648: scaled by 0.25"
    ]


def test_digital_zoom_multiplies_a_calibrated_focal_length() -> None:
    lens = Lens(calibrated_focal_px=3000.0, calibrated_size_px=(4000, 3000), digital_zoom=2.0)
    assert planned(lens).fx == pytest.approx(6000.0)


def test_calibration_in_other_units_is_not_believed() -> None:
    # As a Mavic 3 Thermal writes it: micrometres, and a centre of 0, 0.
    lens = Lens(calibrated_focal_px=9100.0, calibrated_center_px=(0.0, 0.0), focal_length_35mm=40.0)
    assert planned(lens, size=(640, 512)).source == "equivalent_35mm"


def test_calibration_that_contradicts_the_35_mm_equivalent_is_not_believed() -> None:
    lens = Lens(calibrated_focal_px=9100.0, focal_length_35mm=40.0)
    assert planned(lens, size=(640, 512)).source == "equivalent_35mm"


def test_coefficients_that_fold_the_picture_are_not_believed() -> None:
    lens = Lens(
        dewarp_px=(3000.0, 3000.0, 1999.5, 1499.5),
        distortion=(-5.0, 0.0, 0.0, 0.0, 0.0),
        focal_length_35mm=26.0,
    )
    assert planned(lens).source == "equivalent_35mm"


def test_calibration_of_a_lying_picture_is_not_for_an_upright_one() -> None:
    lens = Lens(
        dewarp_px=(3000.0, 3000.0, 2009.5, 1509.5),
        calibrated_size_px=(4000, 3000),
        focal_length_35mm=26.0,
    )
    assert planned(lens, size=(3000, 4000)).source == "equivalent_35mm"


def test_a_known_camera_goes_before_its_35_mm_equivalent() -> None:
    # A Phantom 3 Advanced: 3.61 mm on pixels of 1.55 um are 2329 px, as are the 94 degrees that
    # its maker states across 4000 x 3000: 2500 / tan 47 = 2331. 20 mm by width would be 2222.
    lens = Lens(focal_length_mm=3.61, focal_length_35mm=20.0)
    camera = planned(lens, size=(4000, 2250), model="FC300S")
    assert camera.source == "camera_table"
    assert camera.fx == pytest.approx(2500.0 / math.tan(math.radians(47.0)), rel=0.005)
    assert details(lens, size=(4000, 2250), model="FC300S") == []
    assert details(lens, size=(800, 450), model="FC300S") == [
        "800 x 450, calibrated for 4000 x 3000: scaled by 0.2"
    ]


def test_an_upright_picture_of_a_known_camera_is_turned_not_cut() -> None:
    lens = Lens(focal_length_mm=3.61)
    camera = planned(lens, size=(2250, 4000), model="FC300S")
    assert camera.fx == pytest.approx(2329.0, rel=0.001)
    assert details(lens, size=(2250, 4000), model="FC300S") == []


def test_a_zoom_lens_goes_by_the_focal_length_of_the_photo() -> None:
    # Mavic 2 Zoom at its long end: 8.6 mm on 1.55 um are 5548 px.
    lens = Lens(focal_length_mm=8.6, focal_length_35mm=48.0)
    camera = planned(lens, model="FC2204")
    assert (camera.source, round(camera.fx)) == ("camera_table", 5548)
    # Without a focal length it is not known how far it was drawn out.
    assert planned(Lens(focal_length_35mm=48.0), model="FC2204").source == "equivalent_35mm"


def test_of_several_cameras_of_a_model_the_focal_length_and_the_size_tell() -> None:
    wide = planned(Lens(focal_length_mm=4.4), model="M3T")
    thermal = planned(Lens(focal_length_mm=9.1), size=(640, 512), model="M3T")
    assert wide.fx == pytest.approx(4.4 / 6.4 * 4000.0)
    assert thermal.fx == pytest.approx(9.1 / 0.012)
    unknown = plan_camera(make_photo(Lens(focal_length_mm=29.9), model="M3T"))
    assert isinstance(unknown, NotPlaced)


@pytest.mark.parametrize("equivalent", [20.0, 40.0])
def test_digital_zoom_of_a_known_camera_is_counted_once(equivalent: float) -> None:
    # Whether the equivalent counts the zoom or not, the table says what it is without.
    lens = Lens(focal_length_mm=3.61, focal_length_35mm=equivalent, digital_zoom=2.0)
    camera = planned(lens, model="FC300S")
    assert camera.source == "camera_table"
    assert camera.fx == pytest.approx(2.0 * 2329.0, rel=0.001)
    assert camera.focal_sigma_ratio == pytest.approx(0.02)


def test_an_equivalent_that_is_not_the_known_cameras_is_followed_and_told() -> None:
    # A zoom that nothing else tells of, or another camera.
    lens = Lens(focal_length_mm=3.61, focal_length_35mm=40.0)
    photo = make_photo(lens, model="FC300S")
    camera = plan_camera(photo)
    assert isinstance(camera, Camera)
    assert camera.source == "equivalent_35mm"
    assert camera_reasons(photo) == (
        Reason(
            code=ReasonCode.BAD_VALUE,
            detail="FocalLengthIn35mmFilm = 40, FC300S has 20 to 21",
        ),
    )


def test_field_of_view_of_90_degrees_is_half_the_width() -> None:
    assert planned(Lens(horizontal_fov_deg=90.0)).fx == pytest.approx(2000.0)


def test_a_fisheye_has_its_own_rays() -> None:
    # 1000 px to a radian; the left edge's middle is 2 radians from the axis, behind the camera.
    lens = Lens(
        dewarp_px=(1000.0, 1000.0, 2000.0, 1000.0),
        dewarp_source="camera_xmp",
        calibrated_size_px=(4001, 2001),
        is_fisheye=True,
        fisheye_polynomial=(0.0, 1.0, 0.0, 0.0),
    )
    camera = plan_camera(make_photo(lens, size=(4001, 2001)))
    # Its corners lie 2.24 radians away, which is more than a lens can see.
    assert isinstance(camera, NotPlaced)
    narrower = planned(
        Lens(
            dewarp_px=(1500.0, 1500.0, 2000.0, 1000.0),
            dewarp_source="camera_xmp",
            calibrated_size_px=(4001, 2001),
            is_fisheye=True,
            fisheye_polynomial=(0.0, 1.0, 0.0, 0.0),
        ),
        size=(4001, 2001),
    )
    assert isinstance(narrower.distortion, Fisheye)
    angle = 2000.0 / 1500.0
    assert pixel_to_ray(narrower, [[4000.0, 1000.0]])[0] == pytest.approx(
        [math.sin(angle), 0.0, math.cos(angle)]
    )


def test_a_fisheye_is_never_taken_for_a_pinhole() -> None:
    answer = plan_camera(make_photo(Lens(is_fisheye=True, focal_length_35mm=11.0)))
    assert isinstance(answer, NotPlaced)
    assert answer.detail == "a fisheye without a usable polynomial"


def test_no_optics_no_camera_and_no_reasons() -> None:
    photo = make_photo(Lens(focal_length_mm=4.5))
    answer = plan_camera(photo)
    assert isinstance(answer, NotPlaced)
    assert answer.code is ReasonCode.NO_FOCAL_LENGTH
    assert camera_reasons(photo) == ()


wild = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True),
    st.sampled_from([0.0, -1.0, 1e300, 1e-300, 3000.0]),
)
sides = st.integers(1, 20_000)


@given(st.tuples(wild, wild, wild, wild), st.tuples(*[wild] * 5), sides, sides, wild, wild)
def test_wild_values_give_a_camera_or_a_reason(
    dewarp: tuple[float, ...],
    distortion: tuple[float, ...],
    width: int,
    height: int,
    zoom: float,
    equivalent: float,
) -> None:
    lens = Lens(
        dewarp_px=dewarp,
        distortion=distortion,
        calibrated_size_px=(4000, 3000),
        digital_zoom=zoom,
        focal_length_35mm=equivalent,
    )
    photo = make_photo(lens, size=(width, height))
    camera = plan_camera(photo)
    camera_reasons(photo)
    if isinstance(camera, Camera):
        corners = [[0, 0], [width - 1, 0], [0, height - 1], [width - 1, height - 1]]
        lengths = (pixel_to_ray(camera, corners) ** 2).sum(axis=1)
        assert lengths == pytest.approx([1.0] * 4)


REAL = {
    # Calibrated focal lengths that the photos themselves carry.
    "orthority_odm_p4rtk/100_0005_0018.tif": 3657.0,  # of DewarpData, at 5472 pixels
    "openathena_teal2/teal2_img_eo_00015.jpg": 3428.7,  # of the stated field of view
}


@pytest.mark.shared
@pytest.mark.parametrize("name", REAL)
def test_the_table_agrees_with_calibrated_photos_within_2_percent(
    shared_folder: Path, name: str
) -> None:
    photo = read_photo_metadata(shared_folder / "photos/flights" / name)
    entry = find_table_camera(read_camera_table(), photo)
    assert entry is not None
    focal = entry.focal_px(photo.lens.focal_length_mm)
    assert focal is not None
    if name.endswith("00015.jpg"):  # two by two pixels binned
        focal /= 2.0
    assert focal == pytest.approx(REAL[name], rel=0.02)


@pytest.mark.shared
def test_real_photos_give_the_cameras_that_their_makers_describe(shared_folder: Path) -> None:
    flights = shared_folder / "photos/flights"
    expected = {
        # Source, focal length in the picture's pixels, tolerance.
        "brighton_beach/DJI_0018.JPG": ("camera_table", 2329.0, 0.001),
        "orthority_odm_p4rtk/100_0005_0018.tif": ("dewarp_data", 3657.02 / 4.0, 0.001),
        "mirafiori_p4m_rtk/DJI_0010.JPG": ("dewarp_data", 1973.09, 0.001),
        "leipzig_h20t_thermal/DJI_20220602143532_0191_T.JPG": ("camera_table", 1125.0, 0.001),
        # Principal point 3.042 mm at 746.27 pixels a millimetre, as the focal length of 4.812.
        "garfield_parrot_sequoia/IMG_161122_163234_0000_RGB.JPG": ("camera_xmp", 3591.1, 0.001),
        "singles_other_vendors/MicaSense_Altum_TRM.tif": ("camera_xmp", 167.75, 0.001),
        "singles_other_vendors/DJI_M3T.JPG": ("camera_table", 758.3, 0.001),
        # 29 mm zoomed by 1.79; its thermal camera has 12 mm on pixels of 12 um: 1000 px.
        "singles_other_vendors/DJI_H20N.JPG": ("equivalent_35mm", 1000.0, 0.06),
    }
    for name, (source, focal, tolerance) in expected.items():
        camera = plan_camera(read_photo_metadata(flights / name))
        assert isinstance(camera, Camera), name
        assert (name, camera.source) == (name, source)
        assert camera.fx == pytest.approx(focal, rel=tolerance), name
