"""Values of the report as people read them."""

from datetime import datetime, timedelta

from inference.geometry.output_frames import FramePosition
from service.report.model import ReportPlace


def format_instant(moment: datetime, zone: str | None = None) -> str:
    """Return a time to the minute with its zone.

    Args:
        moment: In the zone that people read it in, or as the camera's clock had it.
        zone: Words that stand for the zone where it is unknown.
    """
    return f"{format_short_instant(moment)} {zone or format_zone(moment)}"


def format_short_instant(moment: datetime) -> str:
    """Return a time to the minute, where its zone is told nearby."""
    return f"{moment:%Y-%m-%d %H:%M}"


def format_zone(moment: datetime) -> str:
    """Return `(UTC)` or such as `(UTC+8)` and `(UTC-3:30)`."""
    minutes = round((moment.utcoffset() or timedelta()).total_seconds() / 60.0)
    if minutes == 0:
        return "(UTC)"
    hours, rest = divmod(abs(minutes), 60)
    return f"(UTC{'-' if minutes < 0 else '+'}{hours}{f':{rest:02d}' if rest else ''})"


def format_coordinates(place: ReportPlace) -> str:
    """Return latitude, longitude to 0.1 m, as maps take them."""
    return f"{place.latitude_deg:.6f}, {place.longitude_deg:.6f}"


def format_frame(position: FramePosition) -> str:
    """Return a position as its frame has it, with the names of the frames."""
    parts = []
    if position.latitude_deg is not None and position.longitude_deg is not None:
        place = f"{position.latitude_deg:.6f}, {position.longitude_deg:.6f}"
        parts.append(f"{place} ({position.crs})")
    if position.grid is not None:
        grid = position.grid
        parts.append(f"{grid.name} ({grid.crs}) E {grid.easting_m:.2f} N {grid.northing_m:.2f}")
    if position.reference is not None:
        parts.append(position.reference)
    return "; ".join(parts)


def format_metres(metres: float) -> str:
    """Return metres as exactly as they deserve."""
    return f"{metres:.1f}" if metres < 10 else f"{metres:.0f}"


def format_area(area_m2: float) -> str:
    """Return square metres, hectares or square kilometres."""
    if area_m2 < 10_000:
        return f"{area_m2:.0f} m²"
    return f"{area_m2 / 1e4:.1f} ha" if area_m2 < 1e6 else f"{area_m2 / 1e6:.2f} km²"


def format_percent(share: float) -> str:
    """Return a share as whole percent."""
    return f"{share * 100:.0f} %"
