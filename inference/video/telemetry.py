"""Flight data of a video: where the drone was and looked at each moment of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from inference.errors import rejected
from inference.reading.position import ZERO_DEG
from inference.receipt import ReasonCode
from inference.video.dialects import Dialect, Field, GpsOrder, find_dialect
from inference.video.gps_order import PairSample, find_gps_order
from inference.video.srt import Cue, parse_srt
from inference.video.words import find_digits, find_number, parse_clock, parse_words

# Drones write a subtitle a frame, but know their place anew ten times a second at most.
MIN_STEP_S = 0.1
RESOLUTION_CUES = 1000  # zeros at the end may be left out: one subtitle does not tell

# Newer drones write 24.00 and 1.00, older ones the same as 240 and 10000.
FOCAL_LENGTH_PARTS, ZOOM_PARTS = 10.0, 10_000.0
MIN_FOCAL_35MM, MAX_FOCAL_35MM = 8.0, 2_000.0  # shorter is not in terms of 35 mm film
MAX_ZOOM = 200.0

Words = dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class FlightMoment:
    """What the drone says of one moment; absent is None.

    Attributes:
        time_s: From the video's beginning.
        clock: The drone's wall clock, its zone unknown.
        latitude_deg, longitude_deg: Both or none. (0, 0) stands for no fix, as written.
        altitude_m: Of a kind that the dialect does not tell.
        yaw_deg, pitch_deg, roll_deg: Of the camera, all or none; yaw is clockwise from north,
            pitch is 0 at the horizon and -90 straight down.
    """

    time_s: float
    clock: datetime | None = None
    latitude_deg: float | None = None
    longitude_deg: float | None = None
    relative_altitude_m: float | None = None
    absolute_altitude_m: float | None = None
    altitude_m: float | None = None
    yaw_deg: float | None = None
    pitch_deg: float | None = None
    roll_deg: float | None = None
    focal_length_35mm: float | None = None
    digital_zoom: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Telemetry:
    """The flight data of one video.

    Attributes:
        dialect: Name of the row in `inference.video.dialects`.
        moments: By time, at least one, one of them with a position.
        end_s: Until when the last of them holds.
        interval_s: Between two of them, as a rule.
        resolution_deg: Of the last digit of the coordinates.
    """

    dialect: str
    moments: tuple[FlightMoment, ...]
    end_s: float
    interval_s: float
    resolution_deg: float


def parse_telemetry(data: bytes) -> Telemetry:
    """Return the flight data of a subtitle file.

    Subtitles that are damaged or cut off count for nothing, the others are used.

    Raises:
        PhotoRejectedError: It holds no flight data of a known dialect, no time or no position, or
            it is not sure which coordinate is the latitude.
    """
    cues = parse_srt(data)
    dialect = find_dialect(cues)
    if dialect is None:
        raise rejected(
            ReasonCode.TELEMETRY_UNREADABLE, "subtitles, but no known drone's flight data"
        )
    order = _find_order(cues, dialect)
    moments = _parse_moments(cues, dialect, order)
    if all(is_without_fix(moment) for moment in moments):
        raise rejected(ReasonCode.TELEMETRY_UNREADABLE, f"no position in {len(cues)} subtitles")
    return Telemetry(
        dialect=dialect.name,
        moments=moments,
        end_s=max(cues[-1].end_s, moments[-1].time_s),
        interval_s=_middle_interval_s(moments),
        resolution_deg=min(
            _resolution_deg(parse_words(cue.text), dialect) for cue in cues[:RESOLUTION_CUES]
        ),
    )


def is_without_fix(moment: FlightMoment) -> bool:
    """Tell whether the drone had no position yet, or none is written."""
    latitude_deg, longitude_deg = moment.latitude_deg, moment.longitude_deg
    if latitude_deg is None or longitude_deg is None:
        return True
    return max(abs(latitude_deg), abs(longitude_deg)) < ZERO_DEG


def _find_order(cues: Sequence[Cue], dialect: Dialect) -> GpsOrder | None:
    """Return the order of coordinates without names, or None where they have names."""
    if dialect.pair is None:
        return None
    found = (_pair_sample(parse_words(cue.text), dialect) for cue in cues)
    return find_gps_order([one for one in found if one is not None], known=dialect.order)


def _parse_moments(
    cues: Sequence[Cue], dialect: Dialect, order: GpsOrder | None
) -> tuple[FlightMoment, ...]:
    """Return the moments that have a position or say that there is no fix."""
    kept: list[FlightMoment] = []
    for cue in cues:
        if kept and cue.start_s - kept[-1].time_s < MIN_STEP_S - 1e-9:
            continue
        moment = _parse_moment(cue, dialect, order)
        if moment.latitude_deg is not None:
            kept.append(moment)
    return tuple(kept)


def _pair_sample(said: Words, dialect: Dialect) -> PairSample | None:
    pair = _read_pair(said, dialect.pair)
    if pair is None or max(map(abs, pair)) < ZERO_DEG:
        return None
    return PairSample(
        pair=pair,
        home=_read_pair(said, dialect.home),
        home_distance_m=_read(said, dialect.home_distance),
        resolution_deg=_resolution_deg(said, dialect),
    )


def _read_pair(said: Words, pair: tuple[Field, Field] | None) -> tuple[float, float] | None:
    first, second = (_read(said, field) for field in pair or (None, None))
    return None if first is None or second is None else (first, second)


def _read(said: Words, field: Field | None) -> float | None:
    return None if field is None else find_number(said, field.name, field.place)


def _parse_moment(cue: Cue, dialect: Dialect, order: GpsOrder | None) -> FlightMoment:
    said = parse_words(cue.text)
    latitude_deg, longitude_deg = _position(said, dialect, order)
    yaw_deg, pitch_deg, roll_deg = _attitude(said, dialect)
    return FlightMoment(
        time_s=cue.start_s,
        clock=parse_clock(cue.text),
        latitude_deg=latitude_deg,
        longitude_deg=longitude_deg,
        relative_altitude_m=_read(said, dialect.relative_altitude),
        absolute_altitude_m=_read(said, dialect.absolute_altitude),
        altitude_m=_read(said, dialect.altitude),
        yaw_deg=yaw_deg,
        pitch_deg=pitch_deg,
        roll_deg=roll_deg,
        focal_length_35mm=_scaled(
            said, dialect.focal_length, FOCAL_LENGTH_PARTS, MIN_FOCAL_35MM, MAX_FOCAL_35MM
        ),
        digital_zoom=_scaled(said, dialect.digital_zoom, ZOOM_PARTS, 1.0, MAX_ZOOM),
    )


def _position(
    said: Words, dialect: Dialect, order: GpsOrder | None
) -> tuple[float | None, float | None]:
    """Return latitude and longitude; none of them where one is absent or impossible."""
    if dialect.pair is None:
        first, second = _read(said, dialect.latitude), _read(said, dialect.longitude)
    else:
        first, second = _read_pair(said, dialect.pair) or (None, None)
    if order is GpsOrder.LONGITUDE_FIRST:
        first, second = second, first
    if first is None or second is None or abs(first) > 90.0 or abs(second) > 180.0:
        return None, None
    return first, second


def _attitude(said: Words, dialect: Dialect) -> tuple[float | None, float | None, float | None]:
    """Return yaw, pitch and roll; none of them where one is absent or impossible."""
    yaw_deg, pitch_deg, roll_deg = (
        _read(said, field) for field in (dialect.yaw, dialect.pitch, dialect.roll)
    )
    if yaw_deg is None or pitch_deg is None or roll_deg is None:
        return None, None, None
    if abs(yaw_deg) > 360.0 or abs(pitch_deg) > 180.0 or abs(roll_deg) > 360.0:
        return None, None, None
    return yaw_deg, pitch_deg, roll_deg


def _scaled(
    said: Words, field: Field | None, parts: float, least: float, most: float
) -> float | None:
    """Return a number that stands for itself with a point in it, and for so many parts without."""
    written = None if field is None else find_digits(said, field.name, field.place)
    if written is None:
        return None
    value = float(written) if "." in written else float(written) / parts
    return value if least <= value <= most else None


def _resolution_deg(said: Words, dialect: Dialect) -> float:
    """Return the step of the coordinates' last digit, by the longer of the two."""
    fields = dialect.pair or (dialect.latitude, dialect.longitude)
    written = [find_digits(said, field.name, field.place) or "" for field in fields if field]
    return 10.0 ** -max((len(digits.partition(".")[2]) for digits in written), default=0)


def _middle_interval_s(moments: tuple[FlightMoment, ...]) -> float:
    steps = sorted(later.time_s - earlier.time_s for earlier, later in pairwise(moments))
    return steps[len(steps) // 2] if steps else 1.0
