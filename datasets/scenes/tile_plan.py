"""What rendered training tiles show: a frozen plan with a switch for each kind."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from datasets.errors import DatasetError
from datasets.picture_set import SPLITS
from datasets.scenes.lookalikes import LOOKALIKES
from datasets.scenes.scene import FIRST_TRAINING_SEED
from datasets.scenes.variants import MAKERS

_LARGEST_TILE_PX = 1024  # the height of a rendered photo
_MOST_TILES_A_SCENE = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class TilePlan:
    """What the tiles of a scene show; the defaults have everything on.

    Attributes:
        tile_px: Side of a tile.
        tiles_per_scene: Fewer are cut where a scene does not give them.
        empty_share: Part of the tiles on which there is no object; they come from the same
            photos as the others.
        sub_classes: Objects to build, by sub-class of the taxonomy.
        objects_per_sub_class: In each scene; fewer come where there is no room.
        structures_per_sub_class: The same for illegal structures, which find room least often.
        lookalikes: Hard negatives to build, by kind.
        lookalikes_per_kind: In each scene.
        strong_shadows: Whether the sun may stand low and shadows be dark.
        overcast: Whether the sky may be grey and shadows faint.
        weather: Whether haze, white balance, exposure, motion blur and noise vary, and how much
            the JPEG is compressed.
        oblique: Whether cameras look down by 45 to 90 degrees; else straight down.
        gsd_range_m: Ground size of a pixel in the middle of a photo; each size of scale is as
            frequent as any other.
    """

    tile_px: int = 512
    tiles_per_scene: int = 30
    empty_share: float = 0.35
    sub_classes: tuple[str, ...] = tuple(MAKERS)
    objects_per_sub_class: int = 3
    structures_per_sub_class: int = 6
    lookalikes: tuple[str, ...] = tuple(LOOKALIKES)
    lookalikes_per_kind: int = 3
    strong_shadows: bool = True
    overcast: bool = True
    weather: bool = True
    oblique: bool = True
    gsd_range_m: tuple[float, float] = (0.01, 0.05)

    def __post_init__(self) -> None:
        """Refuse what cannot be rendered.

        Raises:
            DatasetError: Says which value is wrong and what it may be.
        """
        _check_names("sub_classes", self.sub_classes, tuple(MAKERS))
        _check_names("lookalikes", self.lookalikes, tuple(LOOKALIKES))
        _check_range("tile_px", self.tile_px, 64, _LARGEST_TILE_PX)
        _check_range("tiles_per_scene", self.tiles_per_scene, 1, _MOST_TILES_A_SCENE)
        _check_range("empty_share", self.empty_share, 0, 1)
        _check_range("objects_per_sub_class", self.objects_per_sub_class, 0, 20)
        _check_range("structures_per_sub_class", self.structures_per_sub_class, 0, 20)
        _check_range("lookalikes_per_kind", self.lookalikes_per_kind, 0, 20)
        low, high = self.gsd_range_m
        if not 0.005 <= low <= high <= 0.06:
            raise DatasetError(f"gsd_range_m {low} to {high}: must rise within 0.005 and 0.06 m")


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderingPlan:
    """Which scenes to render, and what their tiles show.

    Attributes:
        seeds: By split, the seeds of its scenes; no two splits share one.
    """

    name: str
    seeds: Mapping[str, range]
    tiles: TilePlan


def parse_rendering_plan(text: str) -> RenderingPlan:
    """Return the plan of a TOML text: name, [seeds] and [tiles].

    Raises:
        DatasetError: It is no TOML, a key is unknown or absent, or a value is wrong.
    """
    try:
        table = tomllib.loads(text)
        seeds = {split: parse_seeds(value) for split, value in table["seeds"].items()}
        tiles = parse_tile_plan(table.get("tiles", {}))
        name = table["name"]
    except (tomllib.TOMLDecodeError, KeyError, AttributeError, RecursionError) as error:
        raise DatasetError(f"no readable plan for rendered tiles: {error!r}") from error
    _check_names("seeds", tuple(seeds), SPLITS)
    unknown = set(table) - {"kind", "name", "seeds", "tiles"}
    if unknown or not isinstance(name, str):
        raise DatasetError(f"plan: unknown keys {sorted(unknown)}, or a name that is no text")
    taken: set[int] = set()
    for split, numbers in seeds.items():
        if taken & set(numbers):
            raise DatasetError(f"seeds of {split} are those of another split, too")
        taken |= set(numbers)
    return RenderingPlan(name=name, seeds=seeds, tiles=tiles)


def parse_seeds(value: object) -> range:
    """Return the seeds of a `[first, last]` pair.

    Raises:
        DatasetError: It is no such pair, or its scenes are kept for demonstrations.
    """
    if not (isinstance(value, list) and [type(part) for part in value] == [int, int]):
        raise DatasetError(f"seeds {value!r}: write [first, last]")
    first, last = value
    if first < FIRST_TRAINING_SEED or not 0 <= last - first < 10_000:
        raise DatasetError(
            f"seeds {first} to {last}: must rise from {FIRST_TRAINING_SEED} on, 10,000 at most"
        )
    return range(first, last + 1)


def parse_tile_plan(table: Mapping[str, Any]) -> TilePlan:  # Any: TOML, checked below
    """Return the plan of a table; what it leaves out has its default.

    Raises:
        DatasetError: A key is unknown, or a value is wrong.
    """
    known = {field.name: getattr(TilePlan(), field.name) for field in fields(TilePlan)}
    chosen = {}
    for key, value in table.items():
        if key not in known:
            raise DatasetError(f"tiles.{key} is unknown; there are {', '.join(known)}")
        chosen[key] = _as_kind_of(key, known[key], value)
    return TilePlan(**chosen)


def _as_kind_of(key: str, example: object, value: Any) -> Any:  # Any: TOML
    """Return the value if it is of the example's kind; lists become tuples."""
    if isinstance(example, tuple) and isinstance(value, list):
        kinds = (int, float) if isinstance(example[0], float) else (str,)
        if all(isinstance(part, kinds) for part in value) and (str in kinds or len(value) == 2):
            return tuple(value)
    if isinstance(example, float) and type(value) in (int, float):
        return float(value)
    if type(value) is type(example) and not isinstance(value, tuple):
        return value
    raise DatasetError(f"tiles.{key} = {value!r}: must be like {example!r}")


def _check_names(key: str, names: tuple[str, ...], known: tuple[str, ...]) -> None:
    unknown = sorted(set(names) - set(known))
    if unknown:
        raise DatasetError(f"{key}: {', '.join(unknown)} unknown; there are {', '.join(known)}")


def _check_range(key: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise DatasetError(f"{key} = {value}: must be from {low} to {high}")
