from copy import deepcopy
from typing import Any

import pytest

from models.errors import ModelDamagedError
from models.network_description import check_network_description

GOOD: dict[str, Any] = {
    "nc": 3,
    "scales": {"n": [0.33, 0.25, 1024]},
    "backbone": [[-1, 1, "Conv", [64, 6, 2, 2]], [-1, 1, "nn.Upsample", [None, 2, "nearest"]]],
    "head": [[[-1, 0], 1, "Concat", [1]], [[1, 2], 1, "Detect", ["nc"]]],
    "names": ["a", "b", "c"],
}


def test_a_description_of_known_layers_is_taken() -> None:
    check_network_description(GOOD, name="d")
    check_network_description({**GOOD, "activation": "nn.SiLU()"}, name="d")


@pytest.mark.parametrize(
    "layer",
    [
        [-1, 1, "torch_safe_load", ["evil.pt"]],
        [-1, 1, "YOLO", ["evil.pt"]],
        [-1, 1, "TorchVision", [64, "resnet18", "DEFAULT"]],
        [-1, 1, "Conv", ["../evil.pt"]],
        [-1, 1, "Conv", [{"a": 1}]],
        [-1, 1, ["Conv"], [1]],
        [-1, 1, "Conv"],
        "Conv",
    ],
)
def test_a_layer_that_is_none_is_refused(layer: object) -> None:
    description = deepcopy(GOOD)
    description["head"].append(layer)
    with pytest.raises(ModelDamagedError):
        check_network_description(description, name="d")


@pytest.mark.parametrize(
    "changes",
    [
        {"activation": "__import__('os').system('true')"},
        {"nc": "3"},
        {"nc": 10**9},
        {"backbone": "model.yaml"},
        {"backbone": [], "head": []},
        {"yaml_file": "/etc/passwd"},
    ],
)
def test_an_entry_that_could_run_or_read_something_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ModelDamagedError):
        check_network_description({**GOOD, **changes}, name="d")


@pytest.mark.parametrize("description", [None, [], "x", {}])
def test_what_describes_no_network_is_refused(description: object) -> None:
    with pytest.raises(ModelDamagedError, match="no network"):
        check_network_description(description, name="d")
