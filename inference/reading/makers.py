"""How each maker names things in XMP, as tables. A new maker is a new table, not new code.

Sources: the makers' photos themselves, DJI's XMP tag list, the Pix4D and MicaSense notes on the
Camera namespace.
"""

from dataclasses import dataclass
from enum import StrEnum

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
    """

    maker: str
    marks_drone: tuple[str, ...] = ()
    attitudes: tuple[AttitudeTags, ...] = ()
    latitude: tuple[str, ...] = ()
    longitude: tuple[str, ...] = ()
    absolute_altitude: tuple[str, ...] = ()
    relative_altitude: tuple[str, ...] = ()
    laser_distance: tuple[str, ...] = ()
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


# Makes and models that fly, as EXIF has them, in small letters. Many names are beginnings.
DRONE_MAKES = (
    "dji",
    "autel",
    "parrot",
    "skydio",
    "sensefly",
    "micasense",
    "teledyne flir",
    "yuneec",
    "xag",
    "sentera",
    "teal",
)
DRONE_MODELS = ("l1d-20c", "l2d-20c", "l3d-100c", "flir tau", "vue pro")  # Hasselblad, FLIR
HANDHELD_MODELS = ("osmo", "dji osmo", "pocket", "dji pocket", "action", "dji action", "ronin")

# DJI cameras and drones with a thermal sensor beside others; only its own picture sizes count.
THERMAL_MODELS = (
    "zh20t",
    "zh20n",
    "zh30t",
    "mavic2-enterprise-advanced",
    "mavic2-enterprise-dual",
    "m30t",
    "m3t",
    "m3td",
    "m4t",
    "m4td",
    "xt2",
    "xt s",
    "xts",
)
THERMAL_SIZES_PX = frozenset(
    {(160, 120), (320, 240), (320, 256), (336, 256), (640, 480), (640, 512), (1280, 1024)}
)
# Cameras that take nothing else.
THERMAL_ONLY_MODELS = ("flir tau", "flir vue", "vue pro", "boson", "thermomap", "lepton")
THERMAL_SOURCES = frozenset({"infraredcamera", "infrared", "ir", "thermal"})
VISUAL_SOURCES = frozenset({"widecamera", "zoomcamera", "visiblecamera", "main_visible"})
THERMAL_BANDS = frozenset({"lwir", "thermal", "ir"})

# What stays in Software or CreatorTool when a picture was opened and saved on a computer.
EDITORS = (
    "windows photo viewer",
    "windows photo editor",
    "photoshop",
    "lightroom",
    "gimp",
    "picasa",
    "affinity",
    "paint.net",
    "paint shop",
    "snapseed",
    "acdsee",
    "irfanview",
    "capture one",
    "microsoft photos",
    "microsoft office",
    "preview.app",
    "photoscape",
    "xnview",
    "darktable",
    "rawtherapee",
    "digikam",
    "imagemagick",
    "美图",
)
