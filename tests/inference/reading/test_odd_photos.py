"""What becomes of each malformed or strange file among the shared photos.

The expectations follow from how the files were made (their folder's SOURCE.md) and from what
exiftool says of them.
"""

from pathlib import Path

import pytest

from inference.errors import PhotoRejectedError
from inference.reading.decode import read_pixels
from inference.reading.metadata import Band, PhotoKind, PhotoMetadata
from inference.reading.read_photo import read_photo_metadata
from inference.receipt import ReasonCode

pytestmark = pytest.mark.shared

C = ReasonCode
LOCAL = C.TIME_ZONE_UNKNOWN
# Codes of files that are rejected, and reasons that accepted ones carry.
REJECTED: dict[str, ReasonCode] = {
    "derived_from_real/empty.jpg": C.EMPTY_FILE,
    "derived_from_real/html_error_page.jpg": C.CANNOT_DECODE,
    "derived_from_real/zeros.jpg": C.CANNOT_DECODE,
    "exifr/IMG_20180725_163423-micro.avif": C.UNSUPPORTED_FORMAT,
    "exifr/png_with_exif_and_gps.png": C.UNSUPPORTED_FORMAT,
    "exiftool/ExtendedXMP.jpg": C.TOO_SMALL,  # 8 x 8
    "exiftool/Google.jpg": C.TOO_SMALL,  # 8 x 8
    "exiftool/Geotag.gpx": C.NOT_A_PHOTO,
    "fuzzed/crash-33e8554f4d4507921b5393d1a7fd4ebcdc5ca6da.fuzzed": C.NOT_A_PHOTO,  # a sound
    "mapillary_tools/adobe_coords.jpg": C.TOO_SMALL,  # 32 x 28
    "mapillary_tools/corrupt_exif.jpg": C.TOO_SMALL,  # 16 x 16
    "mapillary_tools/fixed_exif.jpg": C.TOO_SMALL,
    "mapillary_tools/fixed_exif_2.jpg": C.TOO_SMALL,
    "metadata_extractor/Issue 508.jpg": C.TOO_SMALL,  # 1 x 1
    "skylark_40x30_P4P/DJI_0004.JPG": C.TOO_SMALL,
    "skylark_40x30_P4P/DJI_0054.JPG": C.TOO_SMALL,
    "skylark_40x30_P4P/DJI_0100.JPG": C.TOO_SMALL,
}
REJECTED_BY_EXTENSION = {
    ".md": C.NOT_A_PHOTO,
    ".csv": C.NOT_A_PHOTO,
    ".geojson": C.NOT_A_PHOTO,
    "": C.NOT_A_PHOTO,
    ".fuzzed": C.NOT_A_PHOTO,
}
ACCEPTED: dict[str, set[ReasonCode]] = {
    "derived_from_real/base.jpg": {LOCAL},
    "derived_from_real/focal_zero.jpg": {LOCAL, C.BAD_VALUE},
    "derived_from_real/gps_alt_ref_below.jpg": {LOCAL},
    "derived_from_real/gps_zero.jpg": {LOCAL, C.GPS_ZERO},
    "derived_from_real/ifd0_count_65535.jpg": {LOCAL},
    "derived_from_real/lat_out_of_range.jpg": {LOCAL, C.GPS_OUT_OF_RANGE},
    "derived_from_real/no_gps.jpg": {LOCAL, C.NO_GPS},
    "derived_from_real/not_a_png.png": {LOCAL},
    "derived_from_real/orientation_3.jpg": {LOCAL},
    "derived_from_real/orientation_6.jpg": {LOCAL},
    # Whether it looks above the horizon is found when something on it is to be placed.
    "derived_from_real/pitch_above_horizon.jpg": {LOCAL},
    "derived_from_real/rel_alt_negative.jpg": {LOCAL},  # -3.2 m: below the take-off place
    "derived_from_real/rel_alt_zero.jpg": {LOCAL},
    "derived_from_real/windows_photo_viewer.jpg": {LOCAL, C.EDITED_AFTER_CAPTURE},
    # Nothing in the photo itself contradicts the wrong hemisphere.
    "derived_from_real/wrong_hemisphere.jpg": {LOCAL},
    "derived_from_real/xmp_not_well_formed.jpg": {LOCAL, C.XMP_UNREADABLE, C.NO_XMP},
    "derived_from_real/xmp_stripped.jpg": {LOCAL, C.NO_XMP},
    "derived_from_real/yaw_nan.jpg": {LOCAL, C.BAD_VALUE},
    "dronetm_agung/DJI_20251001132715_0396_D_POOR_SHARPNESS.JPG": {LOCAL, C.NO_XMP},
    "dronetm_agung/DJI_20251001213509_0003_D_LENS_CAP.JPG": {LOCAL, C.NO_YAW},
    "exif_samples/33-type_error.jpg": {LOCAL, C.EDITED_AFTER_CAPTURE, C.NO_GPS},
    "exif_samples/45-gps_ifd.jpg": {LOCAL, C.NO_GPS},
    "exif_samples/67-0_length_string.jpg": {LOCAL},
    "exif_samples/87_OSError.jpg": {LOCAL},
    "exif_samples/BlueSquare.jpg": {LOCAL, C.EDITED_AFTER_CAPTURE, C.NO_GPS},
    "exif_samples/IMG_5195.HEIC": set(),
    "exif_samples/Jobagent.tiff": {C.NO_CAPTURE_TIME, C.NO_GPS},
    "exif_samples/corrupted.jpg": {LOCAL, C.NO_GPS},
    "exif_samples/image00971.jpg": {C.NO_EXIF, C.NO_GPS},
    "exif_samples/image01137.jpg": {C.NO_EXIF, C.NO_GPS},
    "exif_samples/image01551.jpg": {C.NO_EXIF, C.NO_GPS},
    "exif_samples/no_exif.jpg": {LOCAL, C.EDITED_AFTER_CAPTURE, C.NO_GPS},
    "exif_samples/samplefilehub.heif": {C.NO_CAPTURE_TIME, C.NO_GPS},
    "exifr/RangeError_Offset_outside_bounds.jpg": {C.NO_EXIF, C.NO_CAPTURE_TIME, C.NO_GPS},
    "exifr/heic-single.heic": {C.NO_EXIF, C.NO_CAPTURE_TIME, C.NO_GPS},
    "exifr/issue-exifr-13.jpg": {LOCAL},
    "exifr/issue-exifr-36.jpg": {LOCAL, C.EDITED_AFTER_CAPTURE},
    "exifr/issue-exifr-4.jpg": {LOCAL, C.NO_EXIF, C.NO_GPS},
    "exifr/issue-exifr-41-Error_Segment_Unreachable.jpg": {
        LOCAL,
        C.EDITED_AFTER_CAPTURE,
        C.NO_GPS,
    },
    "exifr/issue-exifr-47.jpeg": {C.NO_EXIF, C.NO_CAPTURE_TIME, C.NO_GPS},
    "exifr/issue-node-exif-58.jpg": {  # an EXIF segment without a single tag
        C.EXIF_UNREADABLE,
        C.EDITED_AFTER_CAPTURE,
        C.NO_CAPTURE_TIME,
        C.NO_GPS,
    },
    "exifr/noexif.jpg": {C.NO_EXIF, C.NO_CAPTURE_TIME, C.NO_GPS},
    "exiftool/GPS.jpg": {LOCAL, C.EDITED_AFTER_CAPTURE, C.BAD_VALUE},  # focal length 0
    "mapillary_tools/corrupt_exif_large_thumbnail.jpg": {C.NO_CAPTURE_TIME, C.NO_GPS},
    "mapillary_tools/corrupt_exif_trusted_wrong_type.jpg": {C.NO_CAPTURE_TIME, C.NO_GPS},
    "metadata_extractor/FLIR Vue Pro 640.jpg": {C.NO_CAPTURE_TIME, C.GPS_ZERO},
    "metadata_extractor/Issue 116.jpg": {LOCAL, C.NO_GPS},
    "metadata_extractor/Issue 131.jpg": {C.NO_EXIF, C.NO_CAPTURE_TIME, C.NO_GPS},
    "metadata_extractor/Issue 154.jpg": {LOCAL, C.NO_EXIF, C.EDITED_AFTER_CAPTURE, C.NO_GPS},
    "metadata_extractor/Issue 308.jpg": {C.XMP_UNREADABLE, C.GPS_ZERO},
    "metadata_extractor/Issue 339.jpg": {LOCAL, C.NO_GPS},
    "metadata_extractor/Issue 600 (2).jpg": {LOCAL, C.EDITED_AFTER_CAPTURE, C.NO_GPS},
    "metadata_extractor/Issue 609.jpg": {LOCAL, C.EDITED_AFTER_CAPTURE, C.NO_GPS},
    "metadata_extractor/Issue 80.jpg": {C.NO_GPS},
    "metadata_extractor/Nikon D1X.jpg": {LOCAL, C.NO_GPS},
    "metadata_extractor/Olympus 316274 Digital 800.JPG": {LOCAL, C.NO_GPS},
    "orientation/landscape_4.jpg": {C.NO_CAPTURE_TIME, C.NO_GPS},
    "orientation/landscape_6.jpg": {C.NO_CAPTURE_TIME, C.NO_GPS},
    "orientation/landscape_8.jpg": {C.NO_CAPTURE_TIME, C.NO_GPS},
}


def files_below(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


@pytest.fixture(scope="module")
def odd(shared_folder: Path) -> Path:
    return shared_folder / "photos" / "odd"


def test_every_odd_file_has_an_expected_outcome_and_meets_it(odd: Path) -> None:
    unlike: dict[str, object] = {}
    for name in files_below(odd):
        by_extension = REJECTED_BY_EXTENSION.get(Path(name).suffix)
        expected: object = ACCEPTED.get(name, REJECTED.get(name, by_extension))
        try:
            metadata = read_photo_metadata(odd / name)
            outcome: object = {reason.code for reason in metadata.reasons}
        except PhotoRejectedError as error:
            outcome = error.reason.code
        if outcome != expected:
            unlike[name] = outcome
    assert unlike == {}


@pytest.mark.slow
def test_every_accepted_odd_photo_decodes_to_its_stated_size(odd: Path) -> None:
    for name in ACCEPTED:
        metadata = read_photo_metadata(odd / name)
        assert read_pixels(odd / name).shape == (metadata.height_px, metadata.width_px, 3), name


def test_the_faults_change_what_they_should_and_nothing_else(odd: Path) -> None:
    folder = odd / "derived_from_real"
    base = read_photo_metadata(folder / "base.jpg")
    assert base.latitude_deg == pytest.approx(46.842690667, abs=1e-8)
    assert base.longitude_deg == pytest.approx(-91.994427278, abs=1e-8)
    assert (base.relative_altitude_m, base.kind) == (40.1, PhotoKind.DRONE)

    def changed(name: str) -> set[str]:
        other = read_photo_metadata(folder / name)
        fields = set(PhotoMetadata.__slots__) - {"reasons"}
        return {field for field in fields if getattr(other, field) != getattr(base, field)}

    assert changed("not_a_png.png") == set()
    assert changed("gps_zero.jpg") == {"latitude_deg", "longitude_deg"}
    assert changed("lat_out_of_range.jpg") == {"latitude_deg", "longitude_deg"}
    assert changed("wrong_hemisphere.jpg") == {"longitude_deg"}
    assert changed("gps_alt_ref_below.jpg") == {"gps_altitude_m"}
    assert changed("orientation_6.jpg") == {"orientation"}
    assert changed("rel_alt_zero.jpg") == {"relative_altitude_m"}
    assert changed("focal_zero.jpg") == {"lens"}
    assert changed("windows_photo_viewer.jpg") == {"software"}
    assert changed("yaw_nan.jpg") == {"attitude"}  # the maker notes hold it too
    assert read_photo_metadata(folder / "yaw_nan.jpg").attitude.source == "dji_maker_notes"


@pytest.mark.slow
def test_real_flights_are_read_as_exiftool_reads_them(shared_folder: Path) -> None:
    flights = shared_folder / "photos" / "flights"

    def read(name: str) -> PhotoMetadata:
        return read_photo_metadata(flights / name)

    phantom = read("orthority_odm_p4rtk/100_0005_0018.tif")  # EXIF only in GDAL's own tag
    assert phantom.latitude_deg == pytest.approx(24.68027804, abs=1e-7)
    assert phantom.longitude_deg == pytest.approx(120.95170160, abs=1e-7)
    assert phantom.attitude is not None
    assert (phantom.attitude.yaw_deg, phantom.attitude.pitch_deg) == (92.9, -60.0)
    assert phantom.lens.calibrated_size_px == (5472, 3648)
    assert phantom.accuracy.rtk_flag == 50

    matrice = read("leipzig_h20t_thermal/DJI_20220602143532_0191_T.JPG")
    assert (matrice.band, matrice.laser_distance_m) == (Band.THERMAL, 71.085)
    assert matrice.captured_at.isoformat() == "2022-06-02T12:35:32+00:00"

    mavic = read("singles_other_vendors/DJI_M3T.JPG")
    assert (mavic.band, mavic.laser_distance_m) == (Band.THERMAL, None)
    assert mavic.captured_at.isoformat() == "2022-07-23T07:12:22.872778+00:00"

    skydio = read("openathena_skydio2_catalina/skydio-catilina.jpg")
    assert skydio.attitude.pitch_deg == pytest.approx(-7.468572)
    assert {r.code for r in skydio.reasons} == {C.EDITED_AFTER_CAPTURE}

    teal = read("openathena_teal2/teal2_img_eo_00015.jpg")
    assert teal.attitude.pitch_deg == pytest.approx(-54.269375)
    assert teal.lens.horizontal_fov_deg == pytest.approx(67.986198)

    assert read("seneca_gps_only/IMG_0485.jpg").attitude is None
    assert read("brighton_beach/DJI_0026.JPG").reasons[0].code is C.EDITED_AFTER_CAPTURE
    assert read("singles_other_vendors/MicaSense_Altum_TRM.tif").band is Band.THERMAL
    for name in files_below(flights):
        if "dem" in name or "dsm" in name or name.endswith("teal2.tiff"):
            with pytest.raises(PhotoRejectedError) as caught:
                read(name)
            assert caught.value.reason.code is C.HEIGHT_MODEL


@pytest.mark.slow
def test_every_real_photo_is_accepted_and_decodes(shared_folder: Path) -> None:
    photos = shared_folder / "photos"
    street = {name for name in files_below(photos / "street") if name.endswith(".jpg")}
    for name in sorted(street - {"Google.jpg"}):  # that one is 8 x 8 pixels
        metadata = read_photo_metadata(photos / "street" / name)
        assert metadata.kind is PhotoKind.STREET, name
        assert metadata.latitude_deg is not None, name
        assert read_pixels(photos / "street" / name).shape[1] == metadata.width_px
    for path in sorted((photos / "flights").rglob("*")):
        if path.suffix in (".jpg", ".JPG"):
            metadata = read_photo_metadata(path)
            assert metadata.kind is PhotoKind.DRONE, path.name
            assert read_pixels(path).shape[:2] == (metadata.height_px, metadata.width_px)
