"""Upright rectangles in a picture's pixels: how much of one lies in another."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True, order=True)
class Area:
    """A rectangle in the pixels of its picture; x_max and y_max are the first ones outside."""

    x_min: float
    y_min: float
    x_max: float
    y_max: float

    @classmethod
    def around(cls, areas: Iterable[Self]) -> Self:
        """Return the smallest area that holds all of these."""
        found = list(areas)
        return cls(
            min(area.x_min for area in found),
            min(area.y_min for area in found),
            max(area.x_max for area in found),
            max(area.y_max for area in found),
        )

    @property
    def size_px2(self) -> float:
        """Its number of pixels; 0 where nothing is left of it."""
        return max(self.x_max - self.x_min, 0.0) * max(self.y_max - self.y_min, 0.0)

    def cut(self, frame: "Area") -> "Area":
        """Return what of it lies in a frame; its size is 0 where nothing does."""
        return Area(
            max(self.x_min, frame.x_min),
            max(self.y_min, frame.y_min),
            min(self.x_max, frame.x_max),
            min(self.y_max, frame.y_max),
        )

    def contains(self, other: "Area") -> bool:
        """Return whether all of the other lies in it."""
        return other.cut(self) == other

    def part_in(self, frame: "Area") -> float:
        """Return which part of it lies in a frame, from 0 to 1."""
        return self.cut(frame).size_px2 / self.size_px2

    def iou(self, other: "Area") -> float:
        """Return the intersection over the union, from 0 to 1."""
        shared = self.cut(other).size_px2
        return shared / (self.size_px2 + other.size_px2 - shared)
