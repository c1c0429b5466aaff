"""Plans of rendered tiles: what may be said in them, and what the switches do to the light."""

from pathlib import Path

import numpy as np
import pytest

from datasets.errors import DatasetError
from datasets.scenes.photo import DEFAULT_DEVELOPMENT
from datasets.scenes.tile_plan import TilePlan, parse_rendering_plan
from datasets.scenes.weather import random_development, random_jpeg_quality, random_sun

RECIPE = Path(__file__).resolve().parents[3] / "datasets" / "recipes" / "rendered.toml"


def plan_text(*, seeds: str = "train = [100000, 100009]", tiles: str = "") -> str:
    return f'kind = "rendered"\nname = "some"\n[seeds]\n{seeds}\n[tiles]\n{tiles}\n'


def test_a_plan_says_which_seeds_and_switches() -> None:
    plan = parse_rendering_plan(
        plan_text(tiles='lookalikes = ["car"]\noblique = false\nempty_share = 1')
    )
    assert plan.seeds == {"train": range(100_000, 100_010)}
    assert plan.tiles == TilePlan(lookalikes=("car",), oblique=False, empty_share=1.0)


def test_the_recipe_of_the_project_has_everything_on() -> None:
    plan = parse_rendering_plan(RECIPE.read_text(encoding="utf-8"))
    assert plan.tiles == TilePlan()
    assert set(plan.seeds) == {"train", "val", "test"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name = ", "no readable plan"),
        ('name = "x"', "seeds"),
        (plan_text(seeds="train = [32, 40]"), "100000"),
        (plan_text(seeds="train = [100009, 100000]"), "must rise"),
        (plan_text(seeds="train = 100000"), "first, last"),
        (plan_text(seeds="train = [100000, 100009]\nval = [100009, 100011]"), "another split"),
        (plan_text(seeds="training = [100000, 100009]"), "training"),
        (plan_text(tiles='lookalikes = ["dragon"]'), "dragon"),
        (plan_text(tiles="weather = 1"), "weather"),
        (plan_text(tiles="empty_share = 1.5"), "empty_share"),
        (plan_text(tiles="tile_px = 5000"), "tile_px"),
        (plan_text(tiles="gsd_range_m = [0.05, 0.01]"), "gsd_range_m"),
        (plan_text(tiles="gsd_range_m = [0.05]"), "gsd_range_m"),
        (plan_text(tiles="snow = true"), "snow"),
    ],
)
def test_what_cannot_be_rendered_is_refused(text: str, message: str) -> None:
    with pytest.raises(DatasetError, match=message):
        parse_rendering_plan(text)


def test_without_weather_every_camera_is_the_plain_one() -> None:
    plan, rng = TilePlan(weather=False), np.random.default_rng(0)
    assert random_development(rng, plan) == DEFAULT_DEVELOPMENT
    assert {random_jpeg_quality(rng, plan) for _ in range(20)} == {90}


def test_without_strong_shadows_and_grey_skies_the_sun_stands_as_in_demonstrations() -> None:
    plan, rng = TilePlan(strong_shadows=False, overcast=False), np.random.default_rng(0)
    suns = [random_sun(rng, plan) for _ in range(100)]
    assert min(sun.elevation_deg for sun in suns) >= 38
    assert all(0.42 <= sun.ambient <= 0.62 for sun in suns)


def test_with_them_some_suns_are_low_and_some_skies_grey() -> None:
    plan, rng = TilePlan(), np.random.default_rng(0)
    suns = [random_sun(rng, plan) for _ in range(100)]
    assert any(sun.elevation_deg < 30 for sun in suns)
    assert any(sun.ambient > 0.75 for sun in suns)
