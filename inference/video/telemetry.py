"""Flight data of a video: where the drone was and looked at each moment of it."""

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise

from inference.errors import rejected
from inference.receipt import ReasonCode
from inference.video.dialects import Dialect, Field, GpsOrder, find_dialect
from inference.video.gps_order import PairSample, distance_in_plane_m, find_gps_order
from inference.video.srt import Cue, parse_srt
from inference.video.words import find_digits, find_number, parse_clock, parse_words

# Drones write a subtitle a frame, but know their place anew ten times a second at most.
MIN_STEP_S = 0.1
MAX_GAP_S = 3.0  # longer without flight data, and nothing is known between two subtitles
SPEED_SPAN_S = 2.0  # shorter, and the steps of the coordinates look like speed
ZERO_DEG = 1e-6  # nearer to (0, 0) than this is no place but a receiver without a fix
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


def flight_moment(telemetry: Telemetry, time_s: float) -> FlightMoment | None:
    """Return the flight data at a moment, between two subtitles in proportion, or None.

    Before the first subtitle and behind the last, the drone flies on as it did, for as long as a
    subtitle holds: drones that write one a second begin after the first second.
    """
    moments = telemetry.moments
    after = bisect_right(moments, time_s, key=lambda moment: moment.time_s)
    if after in (0, len(moments)):
        hold_s = max(telemetry.interval_s, telemetry.end_s - moments[-1].time_s)
        is_near = seconds_outside(telemetry, time_s) <= min(hold_s, MAX_GAP_S)
        ends = moments[:2] if after == 0 else moments[:-3:-1]
        return _beyond(ends, time_s) if is_near else None
    earlier, later = moments[after - 1], moments[after]
    if later.time_s - earlier.time_s > MAX_GAP_S:
        return _at(earlier, time_s) if time_s == earlier.time_s else None
    return _between(earlier, later, time_s)


def seconds_outside(telemetry: Telemetry, time_s: float) -> float:
    """Return how long before the first or after the last flight data a moment is, else 0."""
    first_s, last_s = telemetry.moments[0].time_s, telemetry.moments[-1].time_s
    return max(first_s - time_s, time_s - last_s, 0.0)


def ground_speed_m_s(telemetry: Telemetry, time_s: float) -> float | None:
    """Return how fast the drone moved over ground around a moment, or None."""
    half_s = max(SPEED_SPAN_S / 2.0, telemetry.interval_s)
    ends = [flight_moment(telemetry, time_s + offset_s) for offset_s in (-half_s, 0.0, half_s)]
    known = [end for end in ends if end is not None and not is_without_fix(end)]
    if len(known) < 2:
        return None
    first, last = known[0], known[-1]
    distance_m = distance_in_plane_m(
        (first.latitude_deg or 0.0, first.longitude_deg or 0.0),
        (last.latitude_deg or 0.0, last.longitude_deg or 0.0),
        GpsOrder.LATITUDE_FIRST,
    )
    return distance_m / (last.time_s - first.time_s)


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


def _at(moment: FlightMoment, time_s: float) -> FlightMoment:
    """Return the same data at another time."""
    clock = moment.clock
    moved = clock and clock + timedelta(seconds=time_s - moment.time_s)
    return replace(moment, time_s=time_s, clock=moved)


def _beyond(ends: Sequence[FlightMoment], time_s: float) -> FlightMoment:
    """Return the data outside of all subtitles: place and height move on, the camera stays.

    Args:
        ends: The outermost moment and, where there is one, the next.
        time_s: Outside of both.
    """
    held = _at(ends[0], time_s)
    if len(ends) < 2 or abs(ends[1].time_s - ends[0].time_s) > MAX_GAP_S:
        return held
    moved = _between(ends[0], ends[1], time_s)
    return replace(
        held,
        latitude_deg=moved.latitude_deg,
        longitude_deg=moved.longitude_deg,
        relative_altitude_m=moved.relative_altitude_m,
        absolute_altitude_m=moved.absolute_altitude_m,
        altitude_m=moved.altitude_m,
    )


def _between(earlier: FlightMoment, later: FlightMoment, time_s: float) -> FlightMoment:
    """Return the data between two moments in proportion; a receiver without fix is no place."""
    share = (time_s - earlier.time_s) / (later.time_s - earlier.time_s)
    nearer = later if share > 0.5 else earlier
    held = _at(nearer, time_s)
    if is_without_fix(earlier) or is_without_fix(later):
        return held
    return replace(
        held,
        latitude_deg=_mix(earlier.latitude_deg, later.latitude_deg, share),
        longitude_deg=_mix_angle(earlier.longitude_deg, later.longitude_deg, share),
        relative_altitude_m=_mix(earlier.relative_altitude_m, later.relative_altitude_m, share),
        absolute_altitude_m=_mix(earlier.absolute_altitude_m, later.absolute_altitude_m, share),
        altitude_m=_mix(earlier.altitude_m, later.altitude_m, share),
        yaw_deg=_mix_angle(earlier.yaw_deg, later.yaw_deg, share),
        pitch_deg=_mix(earlier.pitch_deg, later.pitch_deg, share),
        roll_deg=_mix_angle(earlier.roll_deg, later.roll_deg, share),
    )


def _mix(earlier: float | None, later: float | None, share: float) -> float | None:
    if earlier is None or later is None:
        return None
    return earlier + share * (later - earlier)


def _mix_angle(earlier: float | None, later: float | None, share: float) -> float | None:
    """Return an angle between two, the shorter way round, from -180 to 180 degrees."""
    if earlier is None or later is None:
        return None
    turn = math.remainder(later - earlier, 360.0)
    return math.remainder(earlier + share * turn, 360.0)
