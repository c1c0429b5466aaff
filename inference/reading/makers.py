"""How each maker names things in XMP, as tables. A new maker is a new table, not new code.

Sources: the makers' photos themselves, DJI's XMP tag list, the Pix4D and MicaSense notes on the
Camera namespace.
"""

from dataclasses import dataclass
from enum import StrEnum

from inference.reading.height_datum import HeightDatum
from inference.reading.metadata import YawReference


class Mount(StrEnum):
    """What pitch zero means."""

    HORIZON = "horizon"  # the camera looks at the horizon; -90 is straight down
    NADIR = "nadir"  # it looks straight down and tilts with the angles


@dataclass(frozen=True, slots=True, kw_only=True)
class AttitudeTags:
    """Where a maker writes how the camera looked.

    Attributes:
        makes: EXIF makes that it holds for, in small letters; none means all.
        models: Likewise.
    """

    source: str
    yaw: str
    pitch: str
    roll: str
    mount: Mount = Mount.HORIZON
    in_radians: bool = False
    yaw_reference: YawReference = YawReference.UNKNOWN
    makes: tuple[str, ...] = ()
    models: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MakerTags:
    """The names of one maker; of several names the first that is there counts.

    Attributes:
        marks_drone: Namespaces that only photos from the air hold.
        datum_of_models: From where absolute altitudes count, by beginnings of EXIF models in small
            letters; only where it is known.
    """

    maker: str
    marks_drone: tuple[str, ...] = ()
    attitudes: tuple[AttitudeTags, ...] = ()
    latitude: tuple[str, ...] = ()
    longitude: tuple[str, ...] = ()
    absolute_altitude: tuple[str, ...] = ()
    datum_of_models: tuple[tuple[str, HeightDatum], ...] = ()
    relative_altitude: tuple[str, ...] = ()
    laser_distance: tuple[str, ...] = ()
    laser_status: tuple[str, ...] = ()
    rtk_flag: tuple[str, ...] = ()
    std_east: tuple[str, ...] = ()
    std_north: tuple[str, ...] = ()
    std_up: tuple[str, ...] = ()
    horizontal_error: tuple[str, ...] = ()
    horizontal_fov: tuple[str, ...] = ()
    utc_time: tuple[str, ...] = ()
    serial_number: tuple[str, ...] = ()
    capture_uuid: tuple[str, ...] = ()
    image_source: tuple[str, ...] = ()


DJI = MakerTags(
    maker="dji",
    marks_drone=("drone-dji",),
    attitudes=(
        AttitudeTags(
            source="dji_gimbal",
            yaw="drone-dji:GimbalYawDegree",
            pitch="drone-dji:GimbalPitchDegree",
            roll="drone-dji:GimbalRollDegree",
        ),
    ),
    latitude=("drone-dji:GpsLatitude",),
    # Older firmware misspells it.
    longitude=("drone-dji:GpsLongitude", "drone-dji:GpsLongtitude"),
    absolute_altitude=("drone-dji:AbsoluteAltitude",),
    relative_altitude=("drone-dji:RelativeAltitude",),
    laser_distance=("drone-dji:LRFTargetDistance",),
    laser_status=("drone-dji:LRFStatus",),
    rtk_flag=("drone-dji:RtkFlag",),
    std_east=("drone-dji:RtkStdLon",),
    std_north=("drone-dji:RtkStdLat",),
    std_up=("drone-dji:RtkStdHgt",),
    utc_time=("drone-dji:UTCAtExposure",),
    serial_number=("drone-dji:DroneSerialNumber", "drone-dji:DroneID"),
    capture_uuid=("drone-dji:CaptureUUID",),
    image_source=("drone-dji:ImageSource",),
)
AUTEL = MakerTags(
    maker="autel",
    marks_drone=("drone", "AutelDrone"),
    attitudes=(
        AttitudeTags(
            source="autel_gimbal",
            yaw="drone:GimbalYawDegree",
            pitch="drone:GimbalPitchDegree",
            roll="drone:GimbalRollDegree",
        ),
        AttitudeTags(
            source="autel_gimbal",
            yaw="AutelDrone:GimbalYawDegree",
            pitch="AutelDrone:GimbalPitchDegree",
            roll="AutelDrone:GimbalRollDegree",
        ),
        # Older firmware counts the pitch from straight down.
        AttitudeTags(
            source="autel_camera",
            yaw="Camera:Yaw",
            pitch="Camera:Pitch",
            roll="Camera:Roll",
            mount=Mount.NADIR,
            makes=("autel",),
        ),
    ),
    latitude=("drone:GpsLatitude", "AutelDrone:GpsLatitude"),
    longitude=("drone:GpsLongitude", "drone:GpsLongtitude", "AutelDrone:GpsLongitude"),
    absolute_altitude=("drone:AbsoluteAltitude", "AutelDrone:AbsoluteAltitude"),
    relative_altitude=("drone:RelativeAltitude", "AutelDrone:RelativeAltitude"),
    rtk_flag=("drone:RtkFlag", "AutelDrone:RtkFlag"),
    std_east=("drone:RtkStdLon", "AutelDrone:RtkStdLon"),
    std_north=("drone:RtkStdLat", "AutelDrone:RtkStdLat"),
    std_up=("drone:RtkStdHgt", "AutelDrone:RtkStdHgt"),
)
PARROT = MakerTags(
    maker="parrot",
    marks_drone=("drone-parrot",),
    attitudes=(
        AttitudeTags(
            source="parrot_camera",
            yaw="drone-parrot:CameraYawDegree",
            pitch="drone-parrot:CameraPitchDegree",
            roll="drone-parrot:CameraRollDegree",
        ),
        # The Sequoia hangs under an airframe, whose angles these are. Other Parrot photos with
        # nothing but these don't say how the camera was mounted: they stay without attitude.
        AttitudeTags(
            source="sequoia_airframe",
            yaw="Camera:Yaw",
            pitch="Camera:Pitch",
            roll="Camera:Roll",
            mount=Mount.NADIR,
            makes=("parrot",),
            models=("sequoia",),
        ),
    ),
    # Users of the Anafi Ai find its altitudes to be above sea level; older models differ.
    datum_of_models=(("anafi ai", HeightDatum.SEA_LEVEL), ("anafiai", HeightDatum.SEA_LEVEL)),
    horizontal_error=("Camera:GPSXYAccuracy",),
)
SKYDIO = MakerTags(
    maker="skydio",
    marks_drone=("drone-skydio",),
    attitudes=(
        AttitudeTags(
            source="skydio_ned",
            yaw="drone-skydio:CameraOrientationNED/Yaw",
            pitch="drone-skydio:CameraOrientationNED/Pitch",
            roll="drone-skydio:CameraOrientationNED/Roll",
            yaw_reference=YawReference.TRUE,
        ),
    ),
    latitude=("drone-skydio:Latitude",),
    longitude=("drone-skydio:Longitude",),
    absolute_altitude=("drone-skydio:AbsoluteAltitude",),
    # Those of the Skydio 2 and X2 fit terrain above sea level and miss it by the geoid's 28 m if
    # taken as ellipsoidal. The X10 with RTK writes ellipsoidal ones, says its maker.
    datum_of_models=(
        ("2", HeightDatum.SEA_LEVEL),
        ("skydio 2", HeightDatum.SEA_LEVEL),
        ("x2", HeightDatum.SEA_LEVEL),
    ),
    # The origin of the frame that is forward, left and up is the take-off place.
    relative_altitude=("drone-skydio:CameraPositionFLU/Z",),
    horizontal_error=("exifEX:GPSHPositioningError",),
    serial_number=("drone-skydio:VehicleId",),
    image_source=("drone-skydio:CameraSource",),
)
SENSEFLY = MakerTags(
    maker="sensefly",
    marks_drone=("sensefly",),
    attitudes=(
        AttitudeTags(
            source="sensefly_airframe",
            yaw="sensefly:Yaw",
            pitch="sensefly:Pitch",
            roll="sensefly:Roll",
            mount=Mount.NADIR,
        ),
        AttitudeTags(
            source="sensefly_airframe",
            yaw="Camera:Yaw",
            pitch="Camera:Pitch",
            roll="Camera:Roll",
            mount=Mount.NADIR,
            makes=("sensefly", "sentera"),
        ),
    ),
    horizontal_error=("sensefly:GPSXYAccuracy",),
    utc_time=("sensefly:UTCTime",),
    serial_number=("sensefly:AutopilotSN",),
)
TEAL = MakerTags(
    maker="teal",
    attitudes=(
        AttitudeTags(
            source="teal_camera",
            yaw="exif:CameraYaw",
            pitch="exif:CameraPitch",
            roll="exif:CameraRoll",
        ),
    ),
    horizontal_fov=("exif:CameraHorizontalFOV",),
)
MICASENSE = MakerTags(
    maker="micasense",
    marks_drone=("MicaSense", "DLS"),
    attitudes=(
        # The light sensor is fixed on top of the airframe under which the camera hangs.
        AttitudeTags(
            source="micasense_light_sensor",
            yaw="DLS:Yaw",
            pitch="DLS:Pitch",
            roll="DLS:Roll",
            mount=Mount.NADIR,
            in_radians=True,
        ),
    ),
)
FLIR = MakerTags(maker="flir", marks_drone=("FLIR",))
MAKERS = (DJI, AUTEL, PARROT, SKYDIO, SENSEFLY, TEAL, MICASENSE, FLIR)


def names_of(field: str) -> tuple[str, ...]:
    """Return all makers' names for one field of MakerTags, in the order of the tables."""
    return tuple(name for maker in MAKERS for name in getattr(maker, field))
