"""What nobody looked for in a picture does not count as background there.

A picture of bins in which nobody looked for billboards would teach "no billboard here" at each of
its thousands of anchor points. So each picture carries, pixel by pixel, the classes that somebody
looked for, as bits of one byte, and the classification loss of the others is left out.

By the pixel and not by the picture, since mosaic puts four pictures of different sources into one:
what was looked for in all four would often be nothing, and with it would go all that the negatives
teach. ultralytics carries a byte a pixel through mosaic, perspective, flips and padding for its
semantic segmentation (`semantic_mask`, 255 around pictures), and 255 says what we want there:
padding is background of every class. Only mixup needs our own rule.
"""

from collections.abc import Sequence
from typing import Any

import models.tame_ultralytics  # noqa: F401  # isort: skip  # before ultralytics

import numpy as np
import torch
from torch import Tensor, nn
from ultralytics.data.augment import Compose, Format, MixUp
from ultralytics.data.dataset import YOLODataset
from ultralytics.utils.loss import v8DetectionLoss

from datasets.labelled_picture import LabelledPicture
from training.chosen_pictures import PlacedPicture

ALL_CLASSES = 255
# The byte's name within ultralytics.
KNOWN = "semantic_mask"


def plan_known_bits(
    picture: LabelledPicture, classes: Sequence[str], *, mask_unlabelled: bool
) -> int:
    """Return a byte whose bit `i` is set where class `i` was looked for in the picture."""
    if not mask_unlabelled:
        return ALL_CLASSES
    return sum(1 << i for i, name in enumerate(classes) if name in picture.labelled_classes)


class KnownFormat(Format):  # type: ignore[misc]  # ultralytics is untyped
    """What ultralytics makes of a picture for the network, with the known classes."""

    def apply_semantic(self, labels: dict[str, Any], params: Any = None) -> dict[str, Any]:  # noqa: ARG002
        """Return the labels with the known classes as a tensor."""
        labels[KNOWN] = torch.from_numpy(np.ascontiguousarray(labels[KNOWN]))
        return labels


class KnownMixUp(MixUp):  # type: ignore[misc]  # ultralytics is untyped
    """Two pictures over each other: known is what was looked for in both."""

    def apply_semantic(self, labels: dict[str, Any], params: Any = None) -> dict[str, Any]:  # noqa: ARG002
        """Return the labels with the classes known in both."""
        labels[KNOWN] = labels[KNOWN] & labels["mix_labels"][0][KNOWN]
        return labels


class PlacedPictures(YOLODataset):  # type: ignore[misc]  # ultralytics is untyped
    """Pictures and labels as ultralytics reads them, without its label files and caches."""

    format_class = KnownFormat

    def __init__(
        self,
        pictures: Sequence[PlacedPicture],
        *,
        classes: tuple[str, ...],
        mask_unlabelled: bool,
        **options: Any,
    ) -> None:
        # First, since the base class reads files and labels while it is made.
        self._pictures = pictures
        self._numbers = {name: number for number, name in enumerate(classes)}
        self._known = [
            plan_known_bits(placed.picture, classes, mask_unlabelled=mask_unlabelled)
            for placed in pictures
        ]
        data = {"names": dict(enumerate(classes)), "channels": 3}
        super().__init__(img_path="", data=data, task="detect", **options)

    def get_img_files(self, img_path: Any) -> list[str]:  # noqa: ARG002
        """Return where the pictures lie."""
        return [str(placed.path) for placed in self._pictures]

    def get_labels(self) -> list[dict[str, Any]]:
        """Return the labels in ultralytics' form, in the pictures' order."""
        return [
            self._label_of(placed, known)
            for placed, known in zip(self._pictures, self._known, strict=True)
        ]

    def _label_of(self, placed: PlacedPicture, known: int) -> dict[str, Any]:
        picture = placed.picture
        boxes = [box for box in picture.boxes if box.class_name in self._numbers]
        corners = np.array(
            [(box.x_min, box.y_min, box.x_max, box.y_max) for box in boxes], dtype=np.float32
        ).reshape(-1, 4)
        size = np.array([picture.width_px, picture.height_px], dtype=np.float32)
        centers, sides = (corners[:, :2] + corners[:, 2:]) / 2, corners[:, 2:] - corners[:, :2]
        numbers = [self._numbers[box.class_name] for box in boxes]
        return {
            "im_file": str(placed.path),
            "shape": (picture.height_px, picture.width_px),
            "cls": np.array(numbers, dtype=np.float32).reshape(-1, 1),
            "bboxes": np.hstack([centers / size, sides / size]),
            "segments": [],
            "keypoints": None,
            "normalized": True,
            "bbox_format": "xywh",
            "known": known,
        }

    def get_image_and_label(self, index: int) -> dict[str, Any]:
        """Return a picture with its labels and the classes known at each of its pixels."""
        label: dict[str, Any] = super().get_image_and_label(index)
        label[KNOWN] = np.full(label["img"].shape[:2], label.pop("known"), dtype=np.uint8)
        return label

    def build_transforms(self, hyp: Any) -> Compose:
        """Return the augmentation of ultralytics with our mixup in it."""
        transforms = super().build_transforms(hyp)
        for place, transform in enumerate(transforms.transforms):
            if type(transform) is MixUp:
                transforms.transforms[place] = KnownMixUp(
                    self, pre_transform=transform.pre_transform, p=transform.p
                )
        return transforms


class KnownScoreLoss(nn.Module):  # type: ignore[misc]  # torch is untyped here
    """Binary cross-entropy of the class scores, zero where a class is not known.

    Attributes:
        known: (pictures, anchors, classes) 1 where known; None for everywhere.
    """

    known: Tensor | None = None

    def forward(self, scores: Tensor, targets: Tensor) -> Tensor:
        """Return the loss of each score. A labelled object counts even where unexpected."""
        loss = nn.functional.binary_cross_entropy_with_logits(scores, targets, reduction="none")
        return (
            loss if self.known is None else loss * torch.maximum(self.known, (targets > 0).float())
        )


class PartlyLabelledLoss(v8DetectionLoss):  # type: ignore[misc]  # ultralytics is untyped
    """The detection loss of ultralytics, silent about what nobody looked for."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.bce = KnownScoreLoss()

    def loss(self, preds: dict[str, Any], batch: dict[str, Any]) -> Any:
        """Return the loss of a batch and its parts."""
        self.bce.known = None
        if KNOWN in batch:
            sizes = [tuple(level.shape[2:]) for level in preds["feats"]]
            self.bce.known = known_at_anchors(batch[KNOWN], sizes, class_count=self.nc)
        return super().loss(preds, batch)


def known_at_anchors(
    known: Tensor, sizes: Sequence[tuple[int, int]], *, class_count: int
) -> Tensor:
    """Return (pictures, anchors, classes) 1 where a class was looked for, 0 elsewhere.

    Args:
        known: (pictures, rows, columns) uint8, a bit a class.
        sizes: Rows and columns of each of the network's grids, in the anchors' order.
        class_count: Of the network.
    """
    pixels = known.unsqueeze(1).float()
    levels = [
        # At the middle of each cell; exact, since a float holds all bytes.
        nn.functional.interpolate(pixels, size=size, mode="nearest-exact").flatten(1)
        for size in sizes
    ]
    return unpack_bits(torch.cat(levels, dim=1), class_count=class_count)


def known_in_pictures(known: Tensor, *, class_count: int) -> Tensor:
    """Return (pictures, classes) 1 where a class was looked for in all of a picture."""
    return unpack_bits(known.flatten(1), class_count=class_count).amin(dim=1)


def unpack_bits(values: Tensor, *, class_count: int) -> Tensor:
    """Return float32 of one more axis: the lowest bits of each value."""
    bits = torch.arange(class_count, device=values.device)
    return ((values.to(torch.int64).unsqueeze(-1) >> bits) & 1).float()
