"""Evaluate a model on a split of a picture set: search its pictures, then score each part."""

from collections.abc import Callable
from pathlib import Path

from datasets.labelled_picture import LabelledPicture
from datasets.picture_set import PictureSet
from inference.identity import settings_hash
from models.manifest import ModelManifest
from training.errors import TrainingError
from training.evaluation.journal import Entry, read_journal, write_journal
from training.evaluation.result import (
    Evaluation,
    EvaluationHead,
    LeftOut,
    PictureResult,
)
from training.evaluation.score import score_parts
from training.evaluation.search import LOWEST_SCORE, Search, search_pictures


def plan_head(
    manifest: ModelManifest, picture_set: PictureSet, search: Search, *, split: str
) -> EvaluationHead:
    """Return what identifies an evaluation."""
    return EvaluationHead(
        model_name=manifest.name,
        model_version=manifest.version,
        weights_sha256=manifest.weights_sha256,
        search_sha256=hash_search(manifest),
        set_name=picture_set.name,
        set_version=picture_set.version,
        split=split,
        way=search.way,
        lowest_score=LOWEST_SCORE,
        precision=search.settings.precision,
        thresholds=dict(manifest.min_confidence),
    )


def hash_search(manifest: ModelManifest) -> str:
    """Return the SHA-256 of what decides what is found, beside weights and thresholds."""
    return settings_hash(
        {
            "input_size_px": manifest.input_size_px,
            "street_long_side_px": manifest.street_long_side_px,
            "gsd_range_m": manifest.gsd_range_m,
            "calibration": manifest.calibration,
            **(
                {
                    "street_ratios": manifest.street_ratios,
                    "street_calibration": manifest.street_calibration,
                }
                if manifest.street_ratios
                else {}
            ),
        }
    )


def select_split(picture_set: PictureSet, split: str) -> list[LabelledPicture]:
    """Return the pictures of a split.

    Raises:
        TrainingError: There are none.
    """
    pictures = [picture for picture in picture_set.pictures if picture.split == split]
    if not pictures:
        known = ", ".join(sorted({picture.split for picture in picture_set.pictures}))
        raise TrainingError(f"{picture_set.folder} holds no {split} pictures; it has {known}")
    return pictures


def evaluate_split(
    picture_set: PictureSet,
    search: Search,
    *,
    split: str,
    journal_path: Path | None = None,
    on_picture: Callable[[Entry], None] = lambda _: None,
) -> Evaluation:
    """Return the evaluation of a model on one split.

    Args:
        picture_set: With the pictures' true boxes.
        search: The loaded model and the way.
        split: train, val or test.
        journal_path: Keeps what was found, so that the same call after an interruption goes on;
            nothing is kept for None.
        on_picture: Is told of each picture, those of the journal too.

    Raises:
        TrainingError: The split is empty, or none of its pictures can be read.
    """
    pictures = select_split(picture_set, split)
    head = plan_head(search.manifest, picture_set, search, split=split)
    entries = _search(picture_set, pictures, search, head, journal_path, on_picture)
    results = [entry for entry in entries if isinstance(entry, PictureResult)]
    left_out = [entry for entry in entries if isinstance(entry, LeftOut)]
    if not results:
        raise TrainingError(
            f"none of {len(pictures)} {split} pictures can be read; "
            f"{left_out[0].path}: {left_out[0].reason}"
        )
    return Evaluation(
        head=head,
        pictures=tuple(results),
        left_out=tuple(left_out),
        parts=score_parts(results, thresholds=head.thresholds),
    )


def _search(
    picture_set: PictureSet,
    pictures: list[LabelledPicture],
    search: Search,
    head: EvaluationHead,
    journal_path: Path | None,
    on_picture: Callable[[Entry], None],
) -> list[Entry]:
    """Return what became of each picture, in the pictures' order."""
    if journal_path is None:
        fresh = search_pictures(picture_set, pictures, search)
        return [_told(entry, on_picture) for entry in fresh]
    # The picture itself is part of the key: a label that was changed makes the old result void.
    known = {
        entry.picture: entry
        for entry in read_journal(journal_path, head)
        if isinstance(entry, PictureResult)
    }
    done = [_told(known[picture], on_picture) for picture in pictures if picture in known]
    rest = [picture for picture in pictures if picture not in known]
    with write_journal(journal_path, head, done) as journal:
        for entry in search_pictures(picture_set, rest, search):
            journal.write(entry)
            done.append(_told(entry, on_picture))
    places = {picture.path: place for place, picture in enumerate(pictures)}
    return sorted(done, key=lambda entry: places[_path_of(entry)])


def _told(entry: Entry, on_picture: Callable[[Entry], None]) -> Entry:
    on_picture(entry)
    return entry


def _path_of(entry: Entry) -> str:
    return entry.path if isinstance(entry, LeftOut) else entry.picture.path
