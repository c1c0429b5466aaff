"""GCJ-02, the frame of web maps in China: positions shifted on purpose by some hundred metres.

It is no surveyed frame: the shift is a sum of sines that hides where things really are. The
authority's own description is not public. Written down here is the form that became known in 2010
and that open converters share ("Restrictions on geographic data in China", Wikipedia, section
GCJ-02); how exactly the maps follow it, nobody states.
"""

import math

import shapely

# The shift is calculated in metres and turned to degrees on Krasovsky's ellipsoid of 1940.
SEMI_MAJOR_AXIS_M = 6378245.0
ECCENTRICITY_SQUARED = 0.00669342162296594323

# Degrees from here are what the polynomials and sines are in.
CENTRE_LATITUDE_DEG, CENTRE_LONGITUDE_DEG = 35.0, 105.0

# Amplitude in metres, and how many half waves a degree.
EAST_WEST_WAVES = ((20.0, 6.0), (20.0, 2.0))  # along the longitude, in both parts of the shift
EAST_WAVES = ((20.0, 1.0), (40.0, 1.0 / 3.0), (150.0, 1.0 / 12.0), (300.0, 1.0 / 30.0))
NORTH_WAVES = ((20.0, 1.0), (40.0, 1.0 / 3.0), (160.0, 1.0 / 12.0), (320.0, 1.0 / 30.0))
WAVE_FACTOR = 2.0 / 3.0

# The shift changes by less than a hundredth of a step, so each round gains two digits and more.
MAX_ROUNDS = 20
CLOSE_ENOUGH_DEG = 1e-12

# About where maps use the shift: the mainland with Hong Kong and Macau. A coarse outline of our own
# as (longitude, latitude), some ten kilometres outside the border and the coast; the rectangle
# that is mostly tested instead also holds Hanoi, Delhi, Seoul and Ulaanbaatar.
AREA_OF_USE = (
    (73.2, 39.5), (73.5, 40.3), (75.0, 40.8), (76.5, 40.9), (78.2, 41.6), (79.9, 42.4),
    (79.9, 43.2), (79.5, 45.1), (81.9, 45.6), (82.1, 46.3), (82.7, 47.5), (85.2, 47.4),
    (85.3, 48.5), (87.0, 49.4), (88.3, 49.4), (88.6, 48.9), (90.3, 48.2), (91.3, 47.0),
    (91.5, 45.5), (93.6, 45.3), (95.8, 44.5), (96.8, 43.0), (100.0, 43.0), (102.0, 42.9),
    (105.0, 42.0), (107.2, 42.8), (109.5, 42.8), (111.4, 43.9), (111.0, 44.4), (111.8, 45.4),
    (113.6, 45.1), (114.5, 45.8), (115.6, 45.9), (116.2, 46.7), (118.0, 47.05), (119.0, 47.05),
    (118.3, 47.6), (117.7, 47.6), (115.4, 47.6), (115.2, 48.2), (115.7, 49.0), (116.3, 50.1),
    (117.8, 49.85), (118.9, 50.3), (119.7, 51.8), (120.5, 52.6), (120.3, 53.3), (121.8, 53.7),
    (123.6, 53.9), (125.8, 53.4), (127.0, 52.1), (127.7, 50.9), (127.9, 50.1), (129.6, 49.7),
    (131.0, 49.2), (131.2, 48.1), (132.5, 48.0), (134.5, 48.7), (134.95, 48.5), (134.4, 47.2),
    (133.9, 46.0), (133.4, 44.9), (131.9, 44.9), (131.6, 44.3), (131.6, 43.4), (131.5, 43.0),
    (130.9, 42.2), (130.2, 42.4), (129.4, 41.9), (128.3, 41.2), (127.0, 41.4), (126.0, 40.6),
    (124.6, 39.8), (123.8, 39.2), (123.0, 38.4), (123.2, 37.5), (123.0, 36.8), (121.0, 35.3),
    (121.5, 33.8), (122.5, 32.2), (123.2, 31.0), (123.3, 30.2), (122.6, 28.5), (121.6, 27.4),
    (120.6, 26.4), (120.2, 25.4), (119.3, 24.6), (118.6, 24.1), (117.5, 23.1), (116.5, 22.5),
    (115.0, 22.2), (114.6, 21.8), (113.5, 21.5), (112.0, 21.2), (111.1, 20.7), (111.5, 19.8),
    (110.9, 18.6), (110.0, 17.9), (108.7, 17.9), (108.2, 18.8), (108.5, 19.8), (109.1, 20.3),
    (108.9, 21.2), (107.9, 21.3), (107.0, 21.7), (106.5, 21.8), (106.3, 22.5), (105.3, 23.0),
    (104.8, 22.6), (104.0, 22.3), (103.0, 22.3), (102.3, 22.2), (101.9, 21.0), (101.1, 21.0),
    (100.1, 21.3), (98.9, 22.1), (99.2, 22.9), (98.5, 23.5), (97.5, 23.7), (97.4, 24.9),
    (98.4, 26.0), (98.3, 27.4), (97.2, 27.9), (95.8, 28.8), (94.3, 29.0), (93.0, 28.2),
    (91.5, 27.6), (90.5, 27.8), (89.3, 27.8), (89.0, 27.1), (88.6, 27.7), (87.0, 27.6),
    (85.8, 27.85), (84.4, 28.4), (83.2, 28.9), (81.9, 29.8), (80.9, 29.9), (79.2, 30.8),
    (78.4, 31.4), (78.4, 32.4), (78.6, 33.4), (77.9, 34.6), (77.5, 35.2), (76.3, 35.5),
    (75.6, 36.3), (74.8, 36.7), (74.3, 37.3), (74.4, 38.2), (73.4, 38.5),
)  # fmt: skip


def is_in_gcj02_area(latitude_deg: float, longitude_deg: float) -> bool:
    """Tell whether maps use GCJ-02 at a place in WGS 84, to some ten kilometres at borders."""
    return bool(shapely.contains_xy(shapely.Polygon(AREA_OF_USE), longitude_deg, latitude_deg))


def wgs84_to_gcj02(latitude_deg: float, longitude_deg: float) -> tuple[float, float]:
    """Return latitude and longitude in GCJ-02 of a place in WGS 84, wherever it is."""
    east_m, north_m = _shift_m(latitude_deg, longitude_deg)
    sine = math.sin(math.radians(latitude_deg))
    squared = 1.0 - ECCENTRICITY_SQUARED * sine * sine
    prime_vertical_m = SEMI_MAJOR_AXIS_M / math.sqrt(squared)
    meridian_m = prime_vertical_m * (1.0 - ECCENTRICITY_SQUARED) / squared
    parallel_m = prime_vertical_m * math.cos(math.radians(latitude_deg))
    return (
        latitude_deg + math.degrees(north_m / meridian_m),
        longitude_deg + math.degrees(east_m / parallel_m),
    )


def gcj02_to_wgs84(latitude_deg: float, longitude_deg: float) -> tuple[float, float]:
    """Return latitude and longitude in WGS 84 of a place in GCJ-02.

    There is no closed form: the place is moved by what its shifted image misses, until it does not.
    """
    latitude, longitude = latitude_deg, longitude_deg
    for _ in range(MAX_ROUNDS):
        shifted_latitude, shifted_longitude = wgs84_to_gcj02(latitude, longitude)
        missing = (latitude_deg - shifted_latitude, longitude_deg - shifted_longitude)
        latitude, longitude = latitude + missing[0], longitude + missing[1]
        if max(map(abs, missing)) < CLOSE_ENOUGH_DEG:
            break
    return latitude, longitude


def _shift_m(latitude_deg: float, longitude_deg: float) -> tuple[float, float]:
    """Return by how many metres a place is shifted to the east and to the north."""
    x, y = longitude_deg - CENTRE_LONGITUDE_DEG, latitude_deg - CENTRE_LATITUDE_DEG
    root, across = math.sqrt(abs(x)), 0.1 * x * y
    both = _sum_of_waves(EAST_WEST_WAVES, x)
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + across + 0.1 * root
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + across + 0.2 * root
    return (
        east + both + _sum_of_waves(EAST_WAVES, x),
        north + both + _sum_of_waves(NORTH_WAVES, y),
    )


def _sum_of_waves(waves: tuple[tuple[float, float], ...], degrees: float) -> float:
    return WAVE_FACTOR * sum(
        amplitude * math.sin(rate * math.pi * degrees) for amplitude, rate in waves
    )
