"""The painted ground: shadows."""

import numpy as np
import pytest

from datasets.scenes.ground import Ground, cast_shadows
from datasets.scenes.layout import Layout
from datasets.scenes.shapes import Face, Solid, Sun, flat_corners


@pytest.mark.parametrize("ambient", [0.3, 0.6, 0.95])
def test_shadows_are_as_dark_as_the_sky_makes_them_and_never_coloured(
    ambient: float,
) -> None:
    texels = np.full((200, 200, 4), 100, np.uint8)
    layout = Layout(heading_deg=0, half_size_m=10, roads=(), parcels=())
    face = Face(
        corners=flat_corners(0, 0, 2, width=6, depth=6), texture=np.full((4, 4, 4), 255, np.uint8)
    )
    solid = Solid(centre=np.zeros(3), faces=(face,))
    sun = Sun(azimuth_deg=180, elevation_deg=89, ambient=ambient)
    ground = Ground(texels=texels, texel_m=0.1, layout=layout)
    shaded = cast_shadows(ground, [solid], sun).texels[100, 100, :3].astype(int)
    assert shaded.mean() == pytest.approx(100 * ambient, abs=4)
    assert np.ptp(shaded) <= 0.16 * 100 * ambient  # open sky lights shadows only a little bluish
    assert shaded.max() <= 100
