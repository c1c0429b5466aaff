"""Writing a rendered photo as a JPEG with the metadata that a DJI drone writes."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.ExifTags import GPS, IFD, Base
from PIL.TiffImagePlugin import IFDRational

from datasets.scenes.truth import TruePose
from datasets.scenes.viewing import SceneCamera

MAKE = "DJI"
MODEL = "FC6312R"
SOFTWARE = "skypatrol rendered scene"  # nobody shall take it for a real place
SERIAL_NUMBER = "0SYNTH000001"

_JPEG_QUALITY = 90
_SENSOR_WIDTH_MM = 13.2
_FULL_FRAME_WIDTH_MM = 36.0
_SECOND_PARTS = 100_000  # 0.00001 arc seconds are 0.3 mm on the ground


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedPhoto:
    """What a photo's metadata say, right or wrong.

    Attributes:
        absolute_height_m: Of the camera above sea level.
        captured_at: Aware, UTC.
        local_time_offset: Of the camera's clock, which writes local time without a zone.
        rtk_sigma_m: One sigma of an RTK fix, or None for plain GNSS.
    """

    pose: TruePose
    absolute_height_m: float
    captured_at: datetime
    local_time_offset: timedelta
    camera: SceneCamera
    rtk_sigma_m: float | None


def write_photo(path: Path, pixels: NDArray[np.uint8], reported: ReportedPhoto) -> None:
    """Write blue-green-red pixels as a JPEG with EXIF and XMP."""
    picture = Image.fromarray(np.ascontiguousarray(pixels[..., ::-1]))
    picture.save(
        path,
        "JPEG",
        quality=_JPEG_QUALITY,
        exif=photo_exif(reported),
        xmp=photo_xmp(reported).encode("utf-8"),
    )


def photo_exif(reported: ReportedPhoto) -> Image.Exif:
    """Return the EXIF block: camera, time, lens and GPS."""
    local = (reported.captured_at + reported.local_time_offset).strftime("%Y:%m:%d %H:%M:%S")
    camera = reported.camera
    exif = Image.Exif()
    exif[Base.Make] = MAKE
    exif[Base.Model] = MODEL
    exif[Base.Software] = SOFTWARE
    exif[Base.Orientation] = 1
    exif[Base.DateTime] = local
    focal_ratio = camera.fx / camera.width_px
    details = exif.get_ifd(IFD.Exif)
    details[Base.DateTimeOriginal] = local
    details[Base.DateTimeDigitized] = local
    details[Base.FocalLength] = IFDRational(round(focal_ratio * _SENSOR_WIDTH_MM * 100), 100)
    details[Base.FocalLengthIn35mmFilm] = round(focal_ratio * _FULL_FRAME_WIDTH_MM)
    details[Base.ExifImageWidth] = camera.width_px
    details[Base.ExifImageHeight] = camera.height_px
    details[Base.BodySerialNumber] = SERIAL_NUMBER
    exif.get_ifd(IFD.GPSInfo).update(_gps_block(reported))
    return exif


def _gps_block(reported: ReportedPhoto) -> dict[int, object]:
    pose, moment = reported.pose, reported.captured_at
    height_mm = round(abs(reported.absolute_height_m) * 1000)
    return {
        GPS.GPSVersionID: b"\x02\x03\x00\x00",
        GPS.GPSLatitudeRef: "N" if pose.latitude_deg >= 0 else "S",
        GPS.GPSLatitude: degrees_minutes_seconds(abs(pose.latitude_deg)),
        GPS.GPSLongitudeRef: "E" if pose.longitude_deg >= 0 else "W",
        GPS.GPSLongitude: degrees_minutes_seconds(abs(pose.longitude_deg)),
        GPS.GPSAltitudeRef: b"\x00" if reported.absolute_height_m >= 0 else b"\x01",
        GPS.GPSAltitude: IFDRational(height_mm, 1000),
        GPS.GPSMapDatum: "WGS-84",
        GPS.GPSDateStamp: moment.strftime("%Y:%m:%d"),
        GPS.GPSTimeStamp: tuple(
            IFDRational(part, 1) for part in (moment.hour, moment.minute, moment.second)
        ),
    }


def degrees_minutes_seconds(angle_deg: float) -> tuple[IFDRational, IFDRational, IFDRational]:
    """Return an angle as EXIF writes it."""
    parts = round(Fraction(angle_deg) * 3600 * _SECOND_PARTS)
    seconds = parts % (60 * _SECOND_PARTS)
    minutes = parts // (60 * _SECOND_PARTS)
    return (
        IFDRational(minutes // 60, 1),
        IFDRational(minutes % 60, 1),
        IFDRational(seconds, _SECOND_PARTS),
    )


def photo_xmp(reported: ReportedPhoto) -> str:
    """Return the XMP packet in attribute form, as DJI writes it."""
    attributes = "\n".join(
        f'   drone-dji:{name}="{value}"' for name, value in _dji_fields(reported).items()
    )
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">\n'
        ' <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">\n'
        '  <rdf:Description rdf:about="DJI Meta Data"\n'
        '    xmlns:tiff="http://ns.adobe.com/tiff/1.0/"\n'
        '    xmlns:drone-dji="http://www.dji.com/drone-dji/1.0/"\n'
        f'   tiff:Make="{MAKE}"\n   tiff:Model="{MODEL}"\n{attributes}/>\n'
        " </rdf:RDF>\n</x:xmpmeta>\n"
        '<?xpacket end="w"?>'
    )


def _dji_fields(reported: ReportedPhoto) -> dict[str, str]:
    pose, camera = reported.pose, reported.camera
    fields = {
        "AbsoluteAltitude": f"{reported.absolute_height_m:+.2f}",
        "RelativeAltitude": f"{pose.height_above_takeoff_m:+.2f}",
        "GpsLatitude": f"{pose.latitude_deg:.8f}",
        "GpsLongitude": f"{pose.longitude_deg:.8f}",
        "GimbalRollDegree": f"{pose.roll_deg:+.2f}",
        "GimbalYawDegree": f"{pose.yaw_deg:+.2f}",
        "GimbalPitchDegree": f"{pose.pitch_deg:+.2f}",
        "FlightRollDegree": "+0.00",
        "FlightYawDegree": f"{pose.yaw_deg:+.1f}0",
        "FlightPitchDegree": "+0.00",
        "CamReverse": "0",
        "GimbalReverse": "0",
        "CalibratedFocalLength": f"{camera.fx:.6f}",
        "CalibratedOpticalCenterX": f"{camera.cx:.6f}",
        "CalibratedOpticalCenterY": f"{camera.cy:.6f}",
        "DewarpData": dewarp_data(camera),
        "DewarpFlag": "0",
    }
    if reported.rtk_sigma_m is not None:
        sigma = reported.rtk_sigma_m
        fields |= {"RtkFlag": "50", "RtkStdLon": f"{sigma:.5f}", "RtkStdLat": f"{sigma:.5f}"}
        fields |= {"RtkStdHgt": f"{2 * sigma:.5f}"}
    return fields


def dewarp_data(camera: SceneCamera) -> str:
    """Return the calibration as DJI writes it; the optical centre is an offset from the middle."""
    offset_x = camera.cx - (camera.width_px - 1) / 2
    offset_y = camera.cy - (camera.height_px - 1) / 2
    numbers = [camera.fx, camera.fy, offset_x, offset_y, *camera.distortion]
    return "2026-01-15;" + ",".join(f"{number:.9f}" for number in numbers)
