"""What nobody looked for is no negative: not in the loss, not in mosaics, not in val scores."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the `train` extra is not installed")
pytest.importorskip("ultralytics", reason="the `train` extra is not installed")

from training.network import PatrolNetwork  # noqa: E402  # first: keeps ultralytics offline

from ultralytics.cfg import get_cfg  # noqa: E402  # isort: skip

from datasets.labelled_picture import LabelledPicture  # noqa: E402
from training.chosen_pictures import PlacedPicture  # noqa: E402
from training.partial_labels import (  # noqa: E402
    KNOWN,
    PlacedPictures,
    known_at_anchors,
    known_in_pictures,
    plan_known_bits,
)

pytestmark = pytest.mark.train
GARBAGE, BILLBOARD, STRUCTURE = CLASSES = (
    "exposed_garbage",
    "damaged_billboard",
    "illegal_structure",
)
SIDE_PX = 64


@pytest.fixture
def network(tiny_network: Path) -> PatrolNetwork:
    torch.manual_seed(0)
    network = PatrolNetwork(str(tiny_network), nc=len(CLASSES), verbose=False)
    network.args = get_cfg()
    return network.train()


def make_dataset(
    pictures: Sequence[LabelledPicture], folder: Path, *, mask: bool = True, **options: Any
) -> PlacedPictures:
    return PlacedPictures(
        [PlacedPicture(picture=picture, path=folder / picture.path) for picture in pictures],
        classes=CLASSES,
        mask_unlabelled=mask,
        imgsz=SIDE_PX,
        augment=True,
        hyp=get_cfg(overrides={"hsv_h": 0.0, "fliplr": 0.0, "erasing": 0.0, **options}),
        batch_size=2,
    )


def class_gradients(network: PatrolNetwork, batch: dict[str, Any]) -> list[float]:
    """Return how strongly a batch pulls at each class's score, by its last convolutions."""
    network.zero_grad()
    batch["img"] = batch["img"].float() / 255
    loss, _ = network.loss(batch)
    loss.sum().backward()
    pulls = [
        branch[-1].bias.grad.abs() + branch[-1].weight.grad.abs().sum((1, 2, 3))
        for branch in network.model[-1].cv3
    ]
    return list(sum(pulls).tolist())


def test_a_class_that_nobody_looked_for_has_no_gradient(
    network: PatrolNetwork, tmp_path: Path, draw_picture: Callable
) -> None:
    picture = draw_picture(tmp_path, "a", labelled_classes=(GARBAGE, STRUCTURE))
    plain = {"mosaic": 0.0, "translate": 0.0, "scale": 0.0}
    dataset = make_dataset([picture], tmp_path, **plain)
    garbage, billboard, structure = class_gradients(network, dataset.collate_fn([dataset[0]]))
    assert billboard == 0.0
    assert garbage > 0
    assert structure > 0
    everywhere = make_dataset([picture], tmp_path, mask=False, **plain)
    assert class_gradients(network, everywhere.collate_fn([everywhere[0]]))[1] > 0


def test_a_negative_of_one_class_teaches_that_class_alone(
    network: PatrolNetwork, tmp_path: Path, draw_picture: Callable
) -> None:
    picture = draw_picture(tmp_path, "a", class_name=None, labelled_classes=(BILLBOARD,))
    dataset = make_dataset([picture], tmp_path, mosaic=0.0, translate=0.0, scale=0.0)
    garbage, billboard, structure = class_gradients(network, dataset.collate_fn([dataset[0]]))
    assert (garbage, structure) == (0.0, 0.0)
    assert billboard > 0


def test_each_picture_of_a_batch_has_its_own_classes(
    network: PatrolNetwork, tmp_path: Path, draw_picture: Callable
) -> None:
    plain = {"mosaic": 0.0, "translate": 0.0, "scale": 0.0}
    pictures = [
        draw_picture(tmp_path, "a", class_name=None, labelled_classes=(GARBAGE,)),
        draw_picture(tmp_path, "b", class_name=None, labelled_classes=(STRUCTURE,)),
    ]
    dataset = make_dataset(pictures, tmp_path, **plain)
    pulls = class_gradients(network, dataset.collate_fn([dataset[0], dataset[1]]))
    assert [pull > 0 for pull in pulls] == [True, False, True]


def test_a_labelled_box_teaches_its_class_even_where_nobody_says_to_have_looked(
    network: PatrolNetwork, tmp_path: Path, draw_picture: Callable
) -> None:
    picture = draw_picture(tmp_path, "a", labelled_classes=())
    dataset = make_dataset([picture], tmp_path, mosaic=0.0, translate=0.0, scale=0.0)
    garbage, billboard, structure = class_gradients(network, dataset.collate_fn([dataset[0]]))
    assert garbage > 0
    assert (billboard, structure) == (0.0, 0.0)


def test_a_mosaic_keeps_what_is_known_where_each_picture_lies(
    tmp_path: Path, draw_picture: Callable
) -> None:
    # Pictures of one grey each, so that every pixel of the mosaic says whose it is.
    pictures = []
    for number, classes in enumerate([(GARBAGE,), (BILLBOARD,), (STRUCTURE,), CLASSES]):
        picture = draw_picture(tmp_path, f"p{number}", class_name=None, labelled_classes=classes)
        grey = np.full((SIDE_PX, SIDE_PX, 3), 40 * (number + 1), np.uint8)
        cv2.imwrite(str(tmp_path / picture.path), grey)
        pictures.append(picture)
    dataset = make_dataset(
        pictures, tmp_path, mosaic=1.0, degrees=0.0, scale=0.0, translate=0.0, hsv_s=0.0, hsv_v=0.0
    )
    shades = {40: 0b001, 80: 0b010, 120: 0b100, 160: 0b111, 114: 255}
    mixed = 0
    for index in [0, 1, 2, 3] * 5:
        sample = dataset[index]
        pixels, known = sample["img"][0].numpy(), sample[KNOWN].numpy()
        for shade, bits in shades.items():
            assert (known[pixels == shade] == bits).all()
        assert set(np.unique(pixels)) <= set(shades)
        mixed += len(np.unique(known)) > 1
    assert mixed > 0


def test_mixed_pictures_know_what_was_looked_for_in_both(
    tmp_path: Path, draw_picture: Callable
) -> None:
    pictures = [
        draw_picture(tmp_path, "a", labelled_classes=(GARBAGE, BILLBOARD)),
        draw_picture(tmp_path, "b", labelled_classes=(GARBAGE, STRUCTURE)),
    ]
    dataset = make_dataset(pictures, tmp_path, mosaic=0.0, mixup=1.0, translate=0.0, scale=0.0)
    found = {tuple(np.unique(dataset[0][KNOWN].numpy())) for _ in range(20)}
    # With itself or with the other one.
    assert found == {(0b011,), (0b001,)}


def test_bits_say_what_was_looked_for(tmp_path: Path, draw_picture: Callable) -> None:
    picture = draw_picture(tmp_path, "a", labelled_classes=(STRUCTURE, "graffiti"))
    assert plan_known_bits(picture, CLASSES, mask_unlabelled=True) == 0b100
    assert plan_known_bits(picture, CLASSES, mask_unlabelled=False) == 255


def test_anchors_know_what_their_cells_middle_knows() -> None:
    known = torch.full((1, 4, 4), 0b01, dtype=torch.uint8)
    known[0, :, 2:] = 0b10
    at_anchors = known_at_anchors(known, [(2, 2), (1, 2)], class_count=2)
    wanted = [[1, 0], [0, 1], [1, 0], [0, 1], [1, 0], [0, 1]]
    assert at_anchors.tolist() == [wanted]


def test_a_class_is_judged_where_it_was_looked_for_in_all_of_a_picture() -> None:
    known = torch.full((2, 4, 4), 255, dtype=torch.uint8)
    known[1, 1:3] = 0b10
    assert known_in_pictures(known, class_count=2).tolist() == [[1, 1], [0, 1]]
