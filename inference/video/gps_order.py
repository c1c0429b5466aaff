"""Which of two coordinates without names is the latitude: found out, never guessed.

Some drones write GPS(longitude, latitude), some the other way round. Three things can tell: a
number beyond 90 is no latitude; the distance from the take-off place, where it is written beside
both places, comes out for one order only; and the dialect, as recordings at known places show it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from inference.errors import PhotoRejectedError, rejected
from inference.receipt import ReasonCode
from inference.video.dialects import GpsOrder

MAX_LATITUDE_DEG = 90.0
METRES_PER_DEGREE = 111_320.0  # on a sphere; good to 0.6 %

# The orders are told apart where both distances differ by more than what rounding may do.
MIN_DISTANCE_M = 30.0
MAX_DISAGREEMENT, MIN_ADVANTAGE = 0.1, 3.0

Pair = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class PairSample:
    """Two coordinates of one subtitle as written, in degrees.

    Attributes:
        home: Of the take-off place, in the same order, or None.
        home_distance_m: From there as the drone says it, or None.
        resolution_deg: Of the last digit.
    """

    pair: Pair
    home: Pair | None
    home_distance_m: float | None
    resolution_deg: float


def find_gps_order(samples: Sequence[PairSample], *, known: GpsOrder | None) -> GpsOrder:
    """Return the order of the coordinates.

    Args:
        samples: All of one file.
        known: What the dialect is known for, or None.

    Raises:
        PhotoRejectedError: Nothing tells the order, or what tells it disagrees.
    """
    proven = _order_by_range(samples)
    if proven is not None:
        return proven
    measured = _order_by_distance(samples)
    if measured is not None and known is not None and measured is not known:
        raise _refused("the distance from the take-off place contradicts the order of GPS(..)")
    order = measured or known
    if order is None:
        raise _refused("nothing tells which number of GPS(..) is the latitude")
    return order


def _order_by_range(samples: Sequence[PairSample]) -> GpsOrder | None:
    first_is_longitude = any(abs(sample.pair[0]) > MAX_LATITUDE_DEG for sample in samples)
    second_is_longitude = any(abs(sample.pair[1]) > MAX_LATITUDE_DEG for sample in samples)
    if first_is_longitude and second_is_longitude:
        raise _refused("both numbers of GPS(..) are beyond 90 degrees")
    if first_is_longitude:
        return GpsOrder.LONGITUDE_FIRST
    return GpsOrder.LATITUDE_FIRST if second_is_longitude else None


def _order_by_distance(samples: Sequence[PairSample]) -> GpsOrder | None:
    """Return the order for which the distances from the take-off place come out, if one does."""
    errors: dict[GpsOrder, list[float]] = {order: [] for order in GpsOrder}
    for sample in samples:
        told_m = sample.home_distance_m
        if sample.home is None or told_m is None or told_m < _least_distance_m(sample):
            continue
        for order in GpsOrder:
            distance_m = distance_in_plane_m(sample.pair, sample.home, order)
            errors[order].append(abs(distance_m - told_m) / told_m)
    if not errors[GpsOrder.LATITUDE_FIRST]:
        return None
    means = {order: sum(values) / len(values) for order, values in errors.items()}
    better, worse = sorted(GpsOrder, key=lambda order: means[order])
    is_clear = means[worse] > MIN_ADVANTAGE * means[better]
    return better if means[better] < MAX_DISAGREEMENT < means[worse] and is_clear else None


def _least_distance_m(sample: PairSample) -> float:
    """Return from which distance on the last digits of the coordinates do not matter."""
    return max(MIN_DISTANCE_M, 20.0 * sample.resolution_deg * METRES_PER_DEGREE)


def distance_in_plane_m(pair: Pair, home: Pair, order: GpsOrder) -> float:
    """Return the distance of two places near each other, written in this order."""
    is_latitude_first = order is GpsOrder.LATITUDE_FIRST
    latitude_deg, longitude_deg = pair if is_latitude_first else pair[::-1]
    home_latitude_deg, home_longitude_deg = home if is_latitude_first else home[::-1]
    north_m = (latitude_deg - home_latitude_deg) * METRES_PER_DEGREE
    turn_deg = math.remainder(longitude_deg - home_longitude_deg, 360.0)
    east_m = turn_deg * METRES_PER_DEGREE * math.cos(math.radians(latitude_deg))
    return math.hypot(east_m, north_m)


def _refused(detail: str) -> PhotoRejectedError:
    return rejected(ReasonCode.TELEMETRY_UNREADABLE, detail)
