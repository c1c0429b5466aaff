"""Which views show the same object: batch by batch, each batch settled as a whole.

A batch is a photo within a flight, or a flight within a run. Two views of one batch are two
objects, so neighbours that one photo shows side by side stay apart however poor the positions
are, and all views of a batch are given to the known objects together (least total cost): an
error that moves a whole batch does not swap neighbours.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

# Squared sigmas: the 99.9 % point of the chi-square distribution with 2 degrees of freedom.
MAX_SQUARED_SIGMAS = 13.8
# Views from the street have ellipses that neighbours lie in as well. With the 95 % point, one view
# in twenty is a second issue at the same place, and nearly all heaps 15 m apart stay apart, each on
# a photo of its own with a compass direction; with the 99.9 % point, a third of them are lost.
MAX_SQUARED_SIGMAS_FROM_STREET = 5.99
# A tie-breaker: appearance alone never outweighs a difference of one and a half sigmas.
APPEARANCE_WEIGHT = 2.0
# Of an object's size: where its box's centre falls differs with the direction of the view.
CENTRE_SIGMA_RATIO = 0.15
CENTRE_SIGMA_MIN_M = 0.1
# Likewise where the photo's edge cuts the object: the middle of a part lies anywhere in it.
PART_CENTRE_SIGMA_RATIO = 0.3
# Parts tell an object's size only as long as no view shows it whole.
PART_SIZE_WEIGHT = 1e-6
# Beyond it, plus the object's size, two views are never one object, however little is known of
# their positions. Generous, since what one photo shows side by side stays apart anyway: over flat
# ground 10 m off, the positions from two flight lines lie that far from each other. Photos from the
# street hardly tell the range, and their positions of one thing lie further apart: their reach
# comes on top.
MAX_DISTANCE_M = 12.0
# From the side, what stands up throws a long box.
MAX_SIZE_RATIO = 3.0
# 1 mm: keeps the covariance of a position without any own error invertible.
_RIDGE_M2 = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Views:
    """Views of objects of one class, as parallel arrays in the order in which they are settled.

    Attributes:
        east_north_m: (N, 2) on one local plane.
        covariance_m2: (N, 2, 2) errors of each view alone.
        loading_m: (N, 2, K) displacements by one sigma of errors that all views share.
        size_m: (N,) of the box on the ground.
        is_part: (N,) whether the photo's edge cuts the object, so that it is larger.
        reach_m: (N,) how far the position may be off beyond what MAX_DISTANCE_M allows for.
        appearance: (N, D) of unit length.
        batch: (N,) ascending numbers of the batches.
    """

    east_north_m: NDArray[np.float64]
    covariance_m2: NDArray[np.float64]
    loading_m: NDArray[np.float64]
    size_m: NDArray[np.float64]
    is_part: NDArray[np.bool_]
    reach_m: NDArray[np.float64]
    appearance: NDArray[np.float64]
    batch: NDArray[np.intp]

    def __len__(self) -> int:
        return len(self.batch)


def associate_views(views: Views) -> NDArray[np.intp]:
    """Return (N,) the number of the object that each view shows, in order of appearance."""
    known = _KnownObjects(views)
    labels = np.full(len(views), -1, dtype=np.intp)
    starts = np.flatnonzero(np.diff(views.batch, prepend=-1))
    for rows in np.split(np.arange(len(views)), starts[1:]):
        labels[rows] = _settle_batch(known.costs(rows))
        new = rows[labels[rows] < 0]
        labels[new] = known.count + np.arange(len(new))
        known.count += len(new)
        known.add(rows, labels[rows])
    return labels


def _settle_batch(costs: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return (rows,) the column given to each row, -1 for none, at the least total cost.

    Args:
        costs: (rows, columns), infinite where row and column cannot be one.
    """
    result = np.full(len(costs), -1, dtype=np.intp)
    rows = np.flatnonzero(np.isfinite(costs).any(axis=1))
    columns = np.flatnonzero(np.isfinite(costs).any(axis=0))
    if len(rows) == 0:
        return result
    # One column a row stands for "a new object"; it costs as much as the worst match allowed.
    new = np.full((len(rows), len(rows)), np.inf)
    np.fill_diagonal(new, MAX_SQUARED_SIGMAS + APPEARANCE_WEIGHT)
    chosen_rows, chosen = linear_sum_assignment(
        np.concatenate([costs[np.ix_(rows, columns)], new], axis=1)
    )
    known = chosen < len(columns)
    result[rows[chosen_rows[known]]] = columns[chosen[known]]
    return result


class _KnownObjects:
    """The objects found so far, each the weighted mean of its views."""

    def __init__(self, views: Views) -> None:
        self._views = views
        self.count = 0
        capacity = len(views)
        self._view_information = np.linalg.inv(views.covariance_m2 + _RIDGE_M2 * np.eye(2))
        self._information = np.zeros((capacity, 2, 2))
        self._weighted_position = np.zeros((capacity, 2))
        self._weighted_loading = np.zeros((capacity, *views.loading_m.shape[1:]))
        self._size_weight = np.zeros(capacity)
        self._log_size = np.zeros(capacity)
        self._reach = np.full(capacity, np.inf)
        self._appearance = np.zeros((capacity, views.appearance.shape[1]))
        self._position = np.zeros((capacity, 2))
        self._covariance = np.zeros((capacity, 2, 2))
        self._loading = np.zeros_like(self._weighted_loading)

    def add(self, rows: NDArray[np.intp], objects: NDArray[np.intp]) -> None:
        """Add one view to each of the objects, which are all different."""
        views, information = self._views, self._view_information[rows]
        self._information[objects] += information
        self._weighted_position[objects] += np.einsum(
            "nij,nj->ni", information, views.east_north_m[rows]
        )
        self._weighted_loading[objects] += information @ views.loading_m[rows]
        size_weight = np.where(views.is_part[rows], PART_SIZE_WEIGHT, 1.0)
        self._size_weight[objects] += size_weight
        self._log_size[objects] += size_weight * np.log(views.size_m[rows])
        # Whoever sees it best knows where it is.
        self._reach[objects] = np.minimum(self._reach[objects], views.reach_m[rows])
        self._appearance[objects] += views.appearance[rows]
        covariance = np.linalg.inv(self._information[objects])
        self._covariance[objects] = covariance
        self._position[objects] = np.einsum(
            "nij,nj->ni", covariance, self._weighted_position[objects]
        )
        self._loading[objects] = covariance @ self._weighted_loading[objects]

    def costs(self, rows: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return (rows, objects) squared sigmas and a little appearance; infinite: not one."""
        costs = np.full((len(rows), self.count), np.inf)
        apart_m = self._views.east_north_m[rows][:, None] - self._position[None, : self.count]
        size_m, centre_m, alike = self._compare_sizes(rows)
        reach_m = self._views.reach_m[rows][:, None] + self._reach[None, : self.count]
        near = np.hypot(apart_m[..., 0], apart_m[..., 1]) <= MAX_DISTANCE_M + size_m + reach_m
        pair_row, pair_object = np.nonzero(near & alike)
        squared_sigmas = self._squared_sigmas(
            rows[pair_row],
            pair_object,
            apart_m[pair_row, pair_object],
            centre_m[pair_row, pair_object],
        )
        cost = squared_sigmas + APPEARANCE_WEIGHT * self._unlikeness(rows[pair_row], pair_object)
        possible = squared_sigmas <= np.where(
            reach_m[pair_row, pair_object] > 0.0, MAX_SQUARED_SIGMAS_FROM_STREET, MAX_SQUARED_SIGMAS
        )
        costs[pair_row[possible], pair_object[possible]] = cost[possible]
        return costs

    def _compare_sizes(
        self, rows: NDArray[np.intp]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
        """Return (rows, objects) sizes, sigmas of a box's centre, and whether the sizes agree."""
        weight = self._size_weight[: self.count]
        view_m = self._views.size_m[rows][:, None]
        object_m = np.exp(self._log_size[: self.count] / weight)[None]
        view_is_part = self._views.is_part[rows][:, None]
        object_is_part = weight[None] < 1.0
        too_small = ~view_is_part & (view_m * MAX_SIZE_RATIO < object_m)
        too_large = ~object_is_part & (view_m > object_m * MAX_SIZE_RATIO)
        is_part = view_is_part | object_is_part
        size_m = np.where(is_part, np.maximum(view_m, object_m), np.sqrt(view_m * object_m))
        ratio = np.where(is_part, PART_CENTRE_SIGMA_RATIO, CENTRE_SIGMA_RATIO)
        return size_m, np.maximum(ratio * size_m, CENTRE_SIGMA_MIN_M), ~(too_small | too_large)

    def _squared_sigmas(
        self,
        rows: NDArray[np.intp],
        objects: NDArray[np.intp],
        apart_m: NDArray[np.float64],
        centre_m: NDArray[np.float64],
    ) -> NDArray[np.float64]:
        """Return (pairs,) squared Mahalanobis distances; shared errors cancel where alike."""
        shared = self._views.loading_m[rows] - self._loading[objects]
        covariance = (
            self._views.covariance_m2[rows]
            + self._covariance[objects]
            + shared @ shared.transpose(0, 2, 1)
            + 2.0 * centre_m[:, None, None] ** 2 * np.eye(2)
        )
        solved = np.linalg.solve(covariance, apart_m[..., None])[..., 0]
        return np.asarray(np.einsum("ni,ni->n", apart_m, solved), dtype=np.float64)

    def _unlikeness(self, rows: NDArray[np.intp], objects: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return (pairs,) 1 - cosine between a view and the mean appearance, at most 1."""
        appearance = self._appearance[objects]
        lengths = np.maximum(np.linalg.norm(appearance, axis=1), 1e-12)
        cosine = np.einsum("nd,nd->n", self._views.appearance[rows], appearance) / lengths
        return np.asarray(np.clip(1.0 - cosine, 0.0, 1.0), dtype=np.float64)
