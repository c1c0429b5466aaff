"""From which zero an absolute height counts."""

from enum import StrEnum


class HeightDatum(StrEnum):
    """A kind of zero; two of one kind agree to a metre or two."""

    ELLIPSOID = "WGS 84 ellipsoid"
    SEA_LEVEL = "mean sea level"
