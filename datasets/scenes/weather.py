"""Light, air and cameras, drawn by chance as a tile plan allows."""

import numpy as np

from datasets.scenes.photo import Development
from datasets.scenes.shapes import Sun
from datasets.scenes.tile_plan import TilePlan

_MIDDLE_SUN = Sun(azimuth_deg=200.0, elevation_deg=52.0, ambient=0.5)
_PLAIN_QUALITY = 90


def random_sun(rng: np.random.Generator, plan: TilePlan) -> Sun:
    """Return the sun of one scene."""
    azimuth = float(rng.uniform(0, 360))
    wish = rng.random()
    if plan.overcast and wish < 0.25:
        return Sun(
            azimuth_deg=azimuth,
            elevation_deg=float(rng.uniform(50, 75)),
            ambient=float(rng.uniform(0.78, 0.95)),
        )
    if plan.strong_shadows and wish < 0.65:
        return Sun(
            azimuth_deg=azimuth,
            elevation_deg=float(rng.uniform(22, 45)),
            ambient=float(rng.uniform(0.24, 0.42)),
        )
    return Sun(
        azimuth_deg=azimuth,
        elevation_deg=float(rng.uniform(38, 72)),
        ambient=float(rng.uniform(0.42, 0.62)),
    )


def random_development(rng: np.random.Generator, plan: TilePlan) -> Development:
    """Return one of many cameras and airs, or the plain one without weather."""
    if not plan.weather:
        return Development()
    hazy = rng.random() < 0.25
    shaken = rng.random() < 0.25
    return Development(
        exposure=float(rng.uniform(0.72, 1.3)),
        warmth=float(rng.normal(0, 0.05)),
        haze=float(rng.uniform(0.12, 0.35) if hazy else rng.uniform(0.0, 0.1)),
        blur_px=float(rng.uniform(0.3, 1.2)),
        noise=float(rng.uniform(0.8, 6.0)),
        vignetting=float(rng.uniform(0, 0.3)),
        motion_px=float(rng.uniform(1.5, 5.0)) if shaken else 0.0,
        motion_deg=float(rng.uniform(0, 180)),
    )


def random_jpeg_quality(rng: np.random.Generator, plan: TilePlan) -> int:
    """Return the quality at which one tile is compressed."""
    return int(rng.integers(50, 96)) if plan.weather else _PLAIN_QUALITY
