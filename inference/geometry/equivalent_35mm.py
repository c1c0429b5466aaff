"""Focal lengths in pixels out of 35 mm equivalents, and how far they can be trusted."""

import math

from inference.reading.metadata import Lens, PhotoMetadata

FRAME_WIDTH_35MM = 36.0
FRAME_DIAGONAL_35MM = math.hypot(36.0, 24.0)
ROUNDING_35MM = 1.0 / math.sqrt(12.0)  # EXIF writes whole millimetres: uniform over +-0.5

# Still pictures of this shape and longer may be cut out of a sensor of one of the usual shapes.
WIDE_SHAPE = 1.6
SENSOR_SHAPES = (4.0 / 3.0, 3.0 / 2.0)


def focal_length_of_35mm(metadata: PhotoMetadata) -> tuple[float, float] | None:
    """Return the focal length in pixels and one sigma of it as a part of itself, or None.

    Makers scale to 35 mm film by the width or by the diagonal and do not say which (DJI seems to
    take the diagonal, as CIPA DCG-001 has it; Skydio and Parrot the width). A 16:9 picture may
    besides carry the equivalent of the whole sensor. The middle between all these is taken, and
    half of the distance between them is the doubt.
    """
    equivalent = metadata.lens.focal_length_35mm
    if equivalent is None or not equivalent > 0.0:
        return None
    sizes = sizes_in_frames(metadata.width_px, metadata.height_px)
    middle = (min(sizes) + max(sizes)) / 2.0
    convention = (max(sizes) - min(sizes)) / 2.0 / middle
    zoom, zoom_doubt = _zoom_of_35mm(metadata)
    sigma = math.hypot(convention, ROUNDING_35MM / equivalent, zoom_doubt)
    return equivalent * middle * zoom, sigma


def sizes_in_frames(width_px: int, height_px: int) -> tuple[float, ...]:
    """Return what one millimetre on 35 mm film may be in pixels, by each convention.

    The width of the film is the long side of pictures taken upright too.
    """
    long_px, short_px = max(width_px, height_px), min(width_px, height_px)
    by_width = long_px / FRAME_WIDTH_35MM
    heights_px = [float(short_px)]
    if long_px > WIDE_SHAPE * short_px:
        heights_px += [long_px / shape for shape in SENSOR_SHAPES]
    by_diagonal = (math.hypot(long_px, height) / FRAME_DIAGONAL_35MM for height in heights_px)
    return (by_width, *by_diagonal)


def digital_zoom(lens: Lens) -> float:
    """Return the factor by which the picture's middle was blown up; EXIF writes 0 for none."""
    return max(lens.digital_zoom or 1.0, 1.0)


def _zoom_of_35mm(metadata: PhotoMetadata) -> tuple[float, float]:
    """Return the zoom still to be put on a 35 mm equivalent, and the doubt of that as a ratio.

    EXIF leaves open whether the equivalent counts digital zoom. Apple counts it; a Pixel 8 Pro and
    a DJI H20N seen do not. So it is multiplied, but for Apple, and half of the difference is doubt.
    """
    zoom = digital_zoom(metadata.lens)
    if (metadata.make or "").strip().lower() == "apple":
        return 1.0, 0.0
    return zoom, (1.0 - 1.0 / zoom) / 2.0
