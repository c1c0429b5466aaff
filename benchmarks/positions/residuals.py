"""Pictures of how far places are from the truth, for a look at what was missed."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np

from benchmarks.positions.scores import Answers

mpl.use("Agg")
from matplotlib import pyplot as plt


def write_residual_plots(
    folder: Path, title: str, answers: Mapping[str, Sequence[Answers]]
) -> list[Path]:
    """Write one picture a method, a panel a photo: offsets from the truth in metres, and paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for method, photos in answers.items():
        figure, axes = plt.subplots(
            1,
            len(photos),
            figsize=(4 * len(photos), 4),
            layout="constrained",
            squeeze=False,
            sharex=True,
            sharey=True,
        )
        for axis, answer in zip(axes[0], photos, strict=True):
            axis.scatter(*answer.offsets_m.T, s=4)
            axis.axhline(0.0, linewidth=0.5)
            axis.axvline(0.0, linewidth=0.5)
            east, north = np.nanmedian(answer.offsets_m, axis=0)
            axis.set_title(f"{answer.photo}\nmedian {east:+.2f} E {north:+.2f} N", fontsize=8)
            axis.set_aspect("equal")
        figure.suptitle(f"{title}: {method}, metres east and north of the truth", fontsize=9)
        name = f"{title}-{method}".lower().replace(",", "").replace(" ", "-")
        paths.append(folder / f"{name}.png")
        figure.savefig(paths[-1], dpi=90)
        plt.close(figure)
    return paths
