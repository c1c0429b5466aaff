"""The dialects in which drones write flight data into subtitles, as data.

Each row was read off recordings. A dialect is told by the names that all its subtitles hold; of
the rows that fit, the first counts, so that those which ask for more stand above.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from inference.video.srt import Cue
from inference.video.words import parse_words

SAMPLE_CUES = 50  # the first subtitles may lack the position, while there is no fix


class GpsOrder(StrEnum):
    """Which of two coordinates without names comes first."""

    LATITUDE_FIRST = "latitude_first"
    LONGITUDE_FIRST = "longitude_first"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """Where a quantity stands: the name in front of it, and its place in a list behind that."""

    name: str
    place: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How one family of drones writes.

    Attributes:
        marks: Names that a subtitle of it holds.
        looks_like: What else is found in its text, or None.
        latitude, longitude: None where they are two numbers without names.
        pair: These two numbers: the first, the second.
        order: Of the pair, as recordings at known places show it; None where not known.
        home: The pair of the take-off place in the same order, or None.
        home_distance: In metres from it, in the plane, or None.
        relative_altitude: Above the take-off place.
        absolute_altitude: Above sea level by the drone's reckoning.
        altitude: Of a kind that the name does not tell and that differs by drone.
        yaw, pitch, roll: Of the gimbal, in degrees.
    """

    name: str
    marks: frozenset[str]
    looks_like: re.Pattern[str] | None = None
    latitude: Field | None = None
    longitude: Field | None = None
    pair: tuple[Field, Field] | None = None
    order: GpsOrder | None = None
    home: tuple[Field, Field] | None = None
    home_distance: Field | None = None
    relative_altitude: Field | None = None
    absolute_altitude: Field | None = None
    altitude: Field | None = None
    yaw: Field | None = None
    pitch: Field | None = None
    roll: Field | None = None
    focal_length: Field | None = None
    digital_zoom: Field | None = None


LATITUDE, LONGITUDE = Field(name="latitude"), Field(name="longitude")
FOCAL_LENGTH, DIGITAL_ZOOM = Field(name="focal_len"), Field(name="dzoom_ratio")
# The third number is satellites, metres or nothing, by firmware: it is not read.
GPS_PAIR = (Field(name="GPS"), Field(name="GPS", place=1))
HOME_PAIR = (Field(name="HOME"), Field(name="HOME", place=1))

DIALECTS: tuple[Dialect, ...] = (
    # Mavic 3, Mini 3 and 4, Air 3, Matrice 30; gb_ angles on those for enterprises.
    Dialect(
        name="named_relative",
        marks=frozenset({"latitude", "longitude", "rel_alt"}),
        latitude=LATITUDE,
        longitude=LONGITUDE,
        relative_altitude=Field(name="rel_alt"),
        absolute_altitude=Field(name="abs_alt"),
        yaw=Field(name="gb_yaw"),
        pitch=Field(name="gb_pitch"),
        roll=Field(name="gb_roll"),
        focal_length=FOCAL_LENGTH,
        digital_zoom=DIGITAL_ZOOM,
    ),
    # Mavic Air 2, Air 2S.
    Dialect(
        name="named",
        marks=frozenset({"latitude", "longitude"}),
        latitude=LATITUDE,
        longitude=LONGITUDE,
        altitude=Field(name="altitude"),
        focal_length=FOCAL_LENGTH,
        digital_zoom=DIGITAL_ZOOM,
    ),
    # Mavic 2 Pro and Zoom, whose firmware misspells the longitude.
    Dialect(
        name="named_misspelt",
        marks=frozenset({"latitude", "longtitude"}),
        latitude=LATITUDE,
        longitude=Field(name="longtitude"),
        altitude=Field(name="altitude"),
        focal_length=FOCAL_LENGTH,
        digital_zoom=DIGITAL_ZOOM,
    ),
    # Phantom 4 RTK, Matrice 200 and 30: pitch, roll and yaw of flight and gimbal.
    Dialect(
        name="gps_gimbal",
        marks=frozenset({"GPS", "G.PRY", "H"}),
        pair=GPS_PAIR,
        order=GpsOrder.LONGITUDE_FIRST,
        home=HOME_PAIR,
        home_distance=Field(name="D"),
        relative_altitude=Field(name="H"),
        pitch=Field(name="G.PRY"),
        roll=Field(name="G.PRY", place=1),
        yaw=Field(name="G.PRY", place=2),
    ),
    # Phantom 4 Pro, Mavic Mini, Mavic 2 by firmware.
    Dialect(
        name="gps_distance",
        marks=frozenset({"GPS", "D", "H"}),
        pair=GPS_PAIR,
        order=GpsOrder.LONGITUDE_FIRST,
        home=HOME_PAIR,
        home_distance=Field(name="D"),
        relative_altitude=Field(name="H"),
    ),
    # Mavic Pro, Phantom 4.
    Dialect(
        name="gps_home_barometer",
        marks=frozenset({"GPS", "HOME", "BAROMETER"}),
        pair=GPS_PAIR,
        order=GpsOrder.LONGITUDE_FIRST,
        home=HOME_PAIR,
        relative_altitude=Field(name="BAROMETER"),
    ),
    # Phantom 3, Inspire 1: barometer and ultrasound.
    Dialect(
        name="gps_home_heights",
        marks=frozenset({"GPS", "HOME", "Hb"}),
        pair=GPS_PAIR,
        order=GpsOrder.LONGITUDE_FIRST,
        home=HOME_PAIR,
        relative_altitude=Field(name="Hb"),
    ),
    # Matrice 300: the other order, with units behind the numbers.
    Dialect(
        name="gps_barometer_metres",
        marks=frozenset({"GPS", "BAROMETER"}),
        looks_like=re.compile(r"BAROMETER: ?-?[\d.]{1,12}M", re.ASCII),
        pair=GPS_PAIR,
        order=GpsOrder.LATITUDE_FIRST,
        relative_altitude=Field(name="BAROMETER"),
    ),
    # Anything else with two numbers: of use only where the numbers themselves tell the order.
    Dialect(
        name="gps",
        marks=frozenset({"GPS"}),
        pair=GPS_PAIR,
        home=HOME_PAIR,
        home_distance=Field(name="D"),
        relative_altitude=Field(name="BAROMETER"),
    ),
)


def find_dialect(cues: Sequence[Cue]) -> Dialect | None:
    """Return the dialect of these subtitles, told by the first ones that fit any, or None."""
    for cue in cues[:SAMPLE_CUES]:
        names = parse_words(cue.text).keys()
        for dialect in DIALECTS:
            if dialect.marks <= names and _looks_like(dialect, cue.text):
                return dialect
    return None


def _looks_like(dialect: Dialect, text: str) -> bool:
    return dialect.looks_like is None or dialect.looks_like.search(text) is not None
