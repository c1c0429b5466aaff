"""How large a photo may be; guards against files made to exhaust memory."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoLimits:
    """Bounds that are checked before anything is decoded.

    Attributes:
        max_pixels: Width times height; the largest aerial cameras have 150 megapixels.
        max_decoded_bytes: Of the values in a TIFF file, which may take eight bytes each.
        max_xmp_bytes: Of one XMP packet; flight data takes 2 to 100 kB.
        min_side_px: Smaller pictures are thumbnails.
    """

    max_bytes: int = 200_000_000
    max_pixels: int = 200_000_000
    max_decoded_bytes: int = 1_200_000_000
    max_xmp_bytes: int = 1_048_576
    min_side_px: int = 32


DEFAULT_LIMITS = PhotoLimits()
