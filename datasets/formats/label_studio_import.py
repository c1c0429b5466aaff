"""Tasks with proposed boxes as Label Studio's importer takes them.

The importer accepts nearly anything (unknown labels, scores of 2, boxes outside the picture) and
shows it to the reviewer, or drops it without a word; so everything is checked here.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from datasets.errors import DatasetError
from datasets.formats.boxes import check_size, corners_of
from datasets.formats.files import write_text
from datasets.formats.label_studio import Rectangle, format_rectangle
from datasets.formats.labels import Label, check_file_name, map_labels
from datasets.labelled_picture import LabelledBox

FROM_NAME = "label"  # of <RectangleLabels> in the project's configuration
TO_NAME = "image"  # of its <Image>


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A detection that a reviewer judges.

    Attributes:
        region_id: Comes back with the verdict; once a task.
        score: 0 to 1.
    """

    region_id: str
    box: LabelledBox
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureTask:
    """A picture to review.

    Attributes:
        picture: Its file name within the picture set.
        image_url: Where the reviewer's browser finds it. It is stored with the task: an address
            that expires makes the task unreadable later.
        proposals: All go into one prediction, as only one of several is shown.
        more_data: Further entries of the task's `data`; none may replace those of this module.
    """

    picture: str
    image_url: str
    width_px: int
    height_px: int
    proposals: tuple[Proposal, ...] = ()
    more_data: Mapping[str, object] = field(default_factory=dict)


def format_tasks(
    tasks: Sequence[PictureTask],
    *,
    model_version: str,
    words_by_label: Mapping[Label, str | None],
) -> str:
    """Return the JSON list of tasks to import.

    A prediction's score is that of its surest box. A task without proposals has no prediction.

    Args:
        tasks: In the order to be shown in.
        model_version: What made the proposals; the project has to be set to it.
        words_by_label: What the project calls each label, None to leave its boxes out.

    Raises:
        DatasetError: A picture or region is there twice, a name leads out of the folder, a box
            lies outside, a score is not within 0 to 1, or a label is not in the mapping.
    """
    _check_once([task.picture for task in tasks], where="tasks")
    entries = [_format_task(task, model_version, words_by_label) for task in tasks]
    return json.dumps(entries, ensure_ascii=False, allow_nan=False, indent=1) + "\n"


def write_tasks(
    path: Path,
    tasks: Sequence[PictureTask],
    *,
    model_version: str,
    words_by_label: Mapping[Label, str | None],
) -> None:
    """Write the tasks to import; `format_tasks` says how."""
    text = format_tasks(tasks, model_version=model_version, words_by_label=words_by_label)
    write_text(path, text)


def _format_task(
    task: PictureTask, model_version: str, words_by_label: Mapping[Label, str | None]
) -> dict[str, object]:
    where = check_file_name(task.picture, where="task")
    check_size(task.width_px, task.height_px, where=where)
    _check_once([one.region_id for one in task.proposals], where=where)
    data: dict[str, object] = {
        "image": task.image_url,
        "picture": task.picture,
        "width_px": task.width_px,
        "height_px": task.height_px,
    }
    replaced = sorted(data.keys() & task.more_data.keys())
    if replaced or not task.image_url:
        raise DatasetError(f"{where}: the address is empty, or more_data replaces {replaced}")
    regions = [
        region
        for proposal in task.proposals
        if (region := _make_region(task, proposal, words_by_label)) is not None
    ]
    if not regions:
        return {"data": {**data, **task.more_data}}
    prediction = {
        "model_version": model_version,
        "score": max(region.score or 0.0 for region in regions),
        "result": [
            format_rectangle(region, from_name=FROM_NAME, to_name=TO_NAME) for region in regions
        ],
    }
    return {"data": {**data, **task.more_data}, "predictions": [prediction]}


def _make_region(
    task: PictureTask, proposal: Proposal, words_by_label: Mapping[Label, str | None]
) -> Rectangle | None:
    """Return a proposal as a region, None where its label is left out knowingly."""
    where = f"{task.picture}: region {proposal.region_id!r}"
    if not proposal.region_id or not 0 <= proposal.score <= 1:
        raise DatasetError(f"{where}: no id, or score {proposal.score} is not within 0 to 1")
    named = map_labels([proposal.box], words_by_label, where=where)
    if not named:
        return None
    size_px = (task.width_px, task.height_px)
    x_min, y_min, x_max, y_max = corners_of(proposal.box, size_px=size_px, where=where)
    return Rectangle(
        region_id=proposal.region_id,
        word=named[0][1],
        x_min=x_min,
        y_min=y_min,
        x_max=x_max,
        y_max=y_max,
        width_px=task.width_px,
        height_px=task.height_px,
        score=proposal.score,
    )


def _check_once(names: Sequence[str], *, where: str) -> None:
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise DatasetError(f"{where}: {twice[0]!r} is there twice")
