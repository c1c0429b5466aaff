"""Which pictures and labels a run learns from."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from datasets.labelled_picture import LabelledBox, LabelledPicture
from datasets.picture_set import read_picture_set
from training.chosen_pictures import PlacedPicture
from training.trials.clear_billboards import ReviewedBox, ignore_ambiguous, read_billboard_review
from training.trials.placed_pictures import choose_placed, place_pictures
from training.trials.reviewed_labels import apply_reviews, read_reviewed_labels


@dataclass(frozen=True, slots=True, kw_only=True)
class RowPictures:
    """What a run changes about the pictures that all runs share.

    Attributes:
        negatives: False leaves out pictures without any box.
        sources: Only these, where not None; the added pictures are not touched.
        added_sets: Folders of picture sets whose train pictures come on top: rendered, pasted.
        added_count: Of these pictures together at most, by source in proportion.
        labels_from: Folder of a picture set whose labels replace those of the same files, such
            as pseudo-labels.
        reviews: JSON lines with reviews, which replace the labels of the train pictures that they
            are about: cleaned labels.
        billboard_review: CSV that says which boxes of damaged billboards are clear; ambiguous
            ones are then neither object nor background.
        classes_as: Class names of labels that stand for a class of the project in this run, as
            pairs; such as damaged and intact ones, both as signs, for a finder of signs.
        partly_labelled: Class names of labels that, renamed, are only some of the objects: where
            damaged signs are labelled, intact ones are no background for a finder of signs.
    """

    negatives: bool = True
    sources: tuple[str, ...] | None = None
    added_sets: tuple[Path, ...] = ()
    added_count: int = 200
    labels_from: Path | None = None
    reviews: Path | None = None
    billboard_review: Path | None = None
    classes_as: tuple[tuple[str, str], ...] = ()
    partly_labelled: tuple[str, ...] = ()


def read_chosen_pictures(
    shared: Sequence[PlacedPicture], choice: RowPictures, *, seed: int
) -> list[PlacedPicture]:
    """Return the pictures of a run: the shared ones as the choice wants them, and its own.

    Args:
        shared: That all runs have; of any split. Only those of `train` are ever left out.
        choice: See there.
        seed: Of the choice among added pictures.

    Raises:
        DatasetError: A set or the reviews that the choice names cannot be read.
        TrainingError: The review of billboards cannot be read.
    """
    kept = [entry for entry in shared if _is_kept(entry.picture, choice)]
    if choice.labels_from is not None:
        kept = relabel(kept, read_picture_set(choice.labels_from).pictures)
    if choice.reviews is not None:
        kept = apply_reviews(kept, read_reviewed_labels(choice.reviews))
    if choice.billboard_review is not None:
        reviewed = read_billboard_review(choice.billboard_review)
        kept = [_ignore_ambiguous(entry, reviewed) for entry in kept]
    added = [
        entry
        for folder in choice.added_sets
        for entry in place_pictures(read_picture_set(folder))
        if entry.picture.split == "train"
    ]
    return [
        _rename_classes(entry, choice)
        for entry in kept + choose_placed(added, choice.added_count, seed=seed)
    ]


def relabel(
    placed: Sequence[PlacedPicture], pictures: Iterable[LabelledPicture]
) -> list[PlacedPicture]:
    """Return the pictures with the labels that others have for the same file (by SHA-256)."""
    newer = {picture.sha256: picture for picture in pictures}
    relabelled = []
    for entry in placed:
        other = newer.get(entry.picture.sha256)
        if other is not None:
            picture = replace(
                entry.picture, boxes=other.boxes, labelled_classes=other.labelled_classes
            )
            entry = replace(entry, picture=picture)
        relabelled.append(entry)
    return relabelled


def _is_kept(picture: LabelledPicture, choice: RowPictures) -> bool:
    if picture.split != "train":
        return True
    wanted = choice.sources is None or picture.source in choice.sources
    return wanted and (choice.negatives or bool(picture.boxes))


def _ignore_ambiguous(entry: PlacedPicture, reviewed: Sequence[ReviewedBox]) -> PlacedPicture:
    if entry.picture.split != "train":
        return entry
    return replace(entry, picture=ignore_ambiguous(entry.picture, reviewed))


def _rename_classes(entry: PlacedPicture, choice: RowPictures) -> PlacedPicture:
    names = dict(choice.classes_as)

    def rename(box: LabelledBox) -> LabelledBox:
        return replace(box, class_name=names.get(box.class_name, box.class_name))

    if not names:
        return entry
    picture = entry.picture
    whole = [name for name in picture.labelled_classes if name not in choice.partly_labelled]
    changed = replace(
        picture,
        boxes=tuple(map(rename, picture.boxes)),
        labelled_classes=tuple(dict.fromkeys(names.get(name, name) for name in whole)),
    )
    return replace(entry, picture=changed)
