"""The least-squares problem of one step, with the points of the ground eliminated.

Each observation hangs on one photo and one point, so the points' part of the normal matrix is a
row of 3 x 3 blocks that is inverted at once; what is left is in the photos and in what they have
in common (Schur complement; Triggs et al., "Bundle adjustment: a modern synthesis", section 6.1).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from inference.geometry.pose_errors import FOCAL_LENGTH, HEIGHT
from inference.refinement.block import COMMON_UNKNOWNS, PHOTO_UNKNOWNS, Block, Deviations
from inference.refinement.residuals import GroundRows, PhotoRows
from inference.refinement.tracks import Tracks

LEAST_POINT_WEIGHT = 1e-9  # per m²: keeps points without weight invertible


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Weights:
    """Inverse variances: (K,) of observations in 1/px², (P,) of points over the ground in 1/m²."""

    photo: NDArray[np.float64]
    ground: NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReducedSystem:
    """Normal equations in the photos' unknowns, photo by photo, and then the common ones.

    Attributes:
        matrix: (6 N + 7, 6 N + 7)
        gradient: (6 N + 7,) half of that of the sum of squares.
        coupling: (3 P, 6 N + 7) between points and the rest.
        point_inverse: (P, 3, 3) inverse of the points' own part.
        point_gradient: (P, 3)
    """

    matrix: NDArray[np.float64]
    gradient: NDArray[np.float64]
    coupling: csr_matrix
    point_inverse: NDArray[np.float64]
    point_gradient: NDArray[np.float64]


def reduce_to_photos(
    photos: PhotoRows, ground: GroundRows, weights: Weights, tracks: Tracks, count: int
) -> ReducedSystem:
    """Return the equations of matches and ground, without what was stated of the poses.

    Args:
        photos: Rows of the observations.
        ground: Rows of the points.
        weights: Of both.
        tracks: Which photo and point each observation is of.
        count: Of photos.
    """
    point_matrix, point_gradient = _point_part(photos, ground, weights, tracks)
    inverse: NDArray[np.float64] = np.linalg.inv(point_matrix).astype(np.float64)
    coupling = _coupling(photos, ground, weights, tracks, count)
    matrix, gradient = _photo_part(photos, weights, tracks, count)
    shift = slice(PHOTO_UNKNOWNS * count, PHOTO_UNKNOWNS * count + HEIGHT)
    weighted_shift = weights.ground[:, None] * ground.by_shift
    matrix[shift, shift] += weighted_shift.T @ ground.by_shift
    gradient[shift] += weighted_shift.T @ ground.residual
    # (P, 3, 3) blocks times the rows of the coupling, as one sparse product.
    blocks = _block_diagonal(inverse)
    solved = blocks @ coupling
    matrix -= (coupling.T @ solved).toarray()
    gradient -= solved.T @ point_gradient.ravel()
    return ReducedSystem(
        matrix=matrix,
        gradient=gradient,
        coupling=coupling,
        point_inverse=inverse,
        point_gradient=point_gradient,
    )


def add_stated(system: ReducedSystem, block: Block, deviations: Deviations) -> None:
    """Add, in place, that poses are as stated within their sigmas, shared and own."""
    count = len(block.names)
    base = PHOTO_UNKNOWNS * count
    own, common = np.linalg.inv(block.own), np.linalg.inv(block.common)
    tie = np.eye(PHOTO_UNKNOWNS, COMMON_UNKNOWNS)  # what a photo has of the common unknowns
    tie[:HEIGHT] = 0.0
    pull = np.einsum("nij,nj->ni", own, deviations.photos - tie @ deviations.common)
    for index in range(count):
        at = slice(PHOTO_UNKNOWNS * index, PHOTO_UNKNOWNS * (index + 1))
        system.matrix[at, at] += own[index]
        system.matrix[at, base:] -= own[index] @ tie
        system.matrix[base:, at] -= tie.T @ own[index]
    system.matrix[base:, base:] += common + tie.T @ own.sum(axis=0) @ tie
    system.gradient[:base] += pull.ravel()
    system.gradient[base:] += common @ deviations.common - tie.T @ pull.sum(axis=0)


def move_points(system: ReducedSystem, step: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (P, 3) by how much the points go along with a step of the rest."""
    pull = system.point_gradient + (system.coupling @ step).reshape(-1, 3)
    moved: NDArray[np.float64] = -np.einsum("pij,pj->pi", system.point_inverse, pull)
    return moved


def _point_part(
    photos: PhotoRows, ground: GroundRows, weights: Weights, tracks: Tracks
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    weighted = weights.photo[:, None, None] * photos.by_point
    by_row = np.einsum("kri,krj->kij", weighted, photos.by_point)
    gradients = np.einsum("kri,kr->ki", weighted, photos.residual)
    # Observations are sorted by point, and each point has some.
    starts = np.searchsorted(tracks.point, np.arange(tracks.count))
    matrix = np.add.reduceat(by_row, starts, axis=0)
    gradient = np.add.reduceat(gradients, starts, axis=0)
    weighted_ground = weights.ground[:, None] * ground.by_point
    matrix += weighted_ground[:, :, None] * ground.by_point[:, None, :]
    matrix += LEAST_POINT_WEIGHT * np.eye(3)
    return matrix, gradient + weighted_ground * ground.residual[:, None]


def _photo_part(
    photos: PhotoRows, weights: Weights, tracks: Tracks, count: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the part of the normal matrix in photos and common unknowns, and its gradient."""
    size = PHOTO_UNKNOWNS * count
    matrix = np.zeros((size + COMMON_UNKNOWNS, size + COMMON_UNKNOWNS))
    gradient = np.zeros(size + COMMON_UNKNOWNS)
    focal = size + FOCAL_LENGTH
    weighted = weights.photo[:, None, None] * photos.by_photo
    squares = np.einsum("kri,krj->kij", weighted, photos.by_photo)
    pulls = np.einsum("kri,kr->ki", weighted, photos.residual)
    with_focal = np.einsum("kri,kr->ki", weighted, photos.by_focal)
    for index in range(count):
        rows = tracks.photo == index
        at = slice(PHOTO_UNKNOWNS * index, PHOTO_UNKNOWNS * (index + 1))
        matrix[at, at] = squares[rows].sum(axis=0)
        matrix[at, focal] = matrix[focal, at] = with_focal[rows].sum(axis=0)
        gradient[at] = pulls[rows].sum(axis=0)
    weighted_focal = weights.photo[:, None] * photos.by_focal
    matrix[focal, focal] = (weighted_focal * photos.by_focal).sum()
    gradient[focal] = (weighted_focal * photos.residual).sum()
    return matrix, gradient


def _coupling(
    photos: PhotoRows, ground: GroundRows, weights: Weights, tracks: Tracks, count: int
) -> csr_matrix:
    """Return (3 P, 6 N + 7) sums of products of the derivatives by point and by the rest."""
    size = PHOTO_UNKNOWNS * count
    weighted = weights.photo[:, None, None] * photos.by_point
    with_photo = np.einsum("kri,krj->kij", weighted, photos.by_photo)
    with_focal = np.einsum("kri,kr->ki", weighted, photos.by_focal)
    # A photo's unknowns and then the focal length, side by side.
    of_rays = np.concatenate([with_photo, with_focal[:, :, None]], axis=2)
    of_photo = PHOTO_UNKNOWNS * tracks.photo[:, None] + np.arange(PHOTO_UNKNOWNS)
    of_focal = np.full((len(tracks.photo), 1), size + FOCAL_LENGTH)
    of_shift = (
        weights.ground[:, None, None] * ground.by_point[:, :, None] * ground.by_shift[:, None, :]
    )
    shift_columns = np.broadcast_to(size + np.arange(HEIGHT), (tracks.count, HEIGHT))
    return _scatter(
        (of_rays, tracks.point, np.hstack([of_photo, of_focal])),
        (of_shift, np.arange(tracks.count), shift_columns),
        shape=(3 * tracks.count, size + COMMON_UNKNOWNS),
    )


def _scatter(
    *parts: tuple[NDArray[np.float64], NDArray[np.intp], NDArray[np.intp]], shape: tuple[int, int]
) -> csr_matrix:
    """Return the sum of blocks: (K, 3, C) values, (K,) their points and (K, C) their columns."""
    values, rows, columns = [], [], []
    for block, points, of_block in parts:
        of_points = 3 * points[:, None] + np.arange(3)
        values.append(block.ravel())
        rows.append(np.broadcast_to(of_points[:, :, None], block.shape).ravel())
        columns.append(np.broadcast_to(of_block[:, None, :], block.shape).ravel())
    entries = (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns)))
    return csr_matrix(entries, shape=shape)


def _block_diagonal(blocks: NDArray[np.float64]) -> csr_matrix:
    """Return (3 P, 3 P) with (P, 3, 3) blocks on the diagonal."""
    count = len(blocks)
    columns = np.broadcast_to(
        3 * np.arange(count)[:, None, None] + np.arange(3), (count, 3, 3)
    ).ravel()
    starts = np.arange(0, 9 * count + 1, 3)
    return csr_matrix((blocks.ravel(), columns, starts), shape=(3 * count, 3 * count))
