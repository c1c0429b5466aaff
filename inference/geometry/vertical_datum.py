"""Whether a photo's absolute height may be set against a ground model's heights.

Heights above the ellipsoid and above mean sea level differ by up to 107 m, by about 10 m in the
north of China and 45 m in Europe. Bringing one to the other needs a model of the geoid, which is
not here, so only heights of the same kind are compared.
"""

from dataclasses import dataclass

from inference.reading.height_datum import HeightDatum

AS_PHOTO = "as the photo's absolute altitude"
PHOTO_WITHOUT_ZERO = "the photo does not say from which zero its absolute altitude counts"

# What the zeros of global geoid models and of national levelling differ by, one sigma: EGM96 and
# EGM2008 by half a metre, national zeros from those by up to two metres.
GLOBAL_SIGMA_M = 0.5
NATIONAL_SIGMA_M = 1.5
GLOBAL_NAMES = ("egm96", "egm2008", "egm84")
# Only three-dimensional systems and some of ESRI's vertical ones count from the ellipsoid.
ELLIPSOID_NAMES = ("ellipsoid", "wgs_1984", "wgs 84")


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two heights may be compared, with this doubt between their zeros."""

    sigma_m: float


def compare_datums(photo: HeightDatum | None, model: str | None) -> Comparison | str:
    """Return the doubt between a photo's and a model's zero, or why they cannot be compared.

    Args:
        photo: From where the photo's absolute height counts, None where nothing tells.
        model: Name of the model's vertical system, None where it names none.
    """
    if photo is None:
        return PHOTO_WITHOUT_ZERO
    if model is None:
        return "the ground model names no vertical system"
    kind = kind_of_datum(model)
    if kind is not photo:
        return f"the photo's altitude is above {photo.value}, the model's heights are {model}"
    if kind is HeightDatum.ELLIPSOID:
        return Comparison(sigma_m=0.0)
    is_global = any(name in model.lower() for name in GLOBAL_NAMES)
    return Comparison(sigma_m=GLOBAL_SIGMA_M if is_global else NATIONAL_SIGMA_M)


def kind_of_datum(name: str) -> HeightDatum:
    """Return what a vertical system counts from; all but a few count from mean sea level."""
    lower = name.lower()
    if any(lower.startswith(beginning) for beginning in ELLIPSOID_NAMES) or "ellipsoid" in lower:
        return HeightDatum.ELLIPSOID
    return HeightDatum.SEA_LEVEL
