"""Flight data between two subtitles and a little beyond the last."""

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from inference.video.dialects import GpsOrder
from inference.video.gps_order import distance_in_plane_m
from inference.video.telemetry import FlightMoment, Telemetry, is_without_fix

MAX_GAP_S = 3.0  # longer without flight data, and nothing is known between two subtitles
SPEED_SPAN_S = 2.0  # shorter, and the steps of the coordinates look like speed


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
