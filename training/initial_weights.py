"""Start a network from weights in a safetensors file, and prove that it did."""

from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from training.errors import InitialWeightsError


def read_initial_weights(path: Path) -> dict[str, Tensor]:
    """Return the tensors of a safetensors file in float32, by the network's parameter names.

    Half precision to single precision is exact, so the values equal those in the file.

    Raises:
        InitialWeightsError: The file is absent or is no safetensors file.
    """
    try:
        tensors = load_file(str(path))
    except (OSError, ValueError) as error:
        raise InitialWeightsError(f"cannot read initial weights {path}: {error}") from error
    return {
        name: value.float() if value.is_floating_point() else value
        for name, value in tensors.items()
    }


def load_initial_weights(
    network: nn.Module, weights: dict[str, Tensor], *, head_prefix: str
) -> list[str]:
    """Copy the weights into the network; return the names that only the head may lack.

    Args:
        network: Changed in place.
        weights: Values by parameter name; names under `head_prefix` whose shape differs
            (another number of classes) are left at their initial value.
        head_prefix: Prefix of the layers that may differ, such as `model.24.`.

    Raises:
        InitialWeightsError: A layer outside the head is absent, unknown or of another shape.
    """
    own = network.state_dict()
    fitting = {
        name: value
        for name, value in weights.items()
        if name in own and own[name].shape == value.shape
    }
    misfits = (set(own) - set(fitting)) | (set(weights) - set(fitting))
    outside_head = sorted(name for name in misfits if not name.startswith(head_prefix))
    if outside_head:
        raise InitialWeightsError(f"weights do not fit outside the head: {outside_head[:5]}")
    network.load_state_dict(fitting, strict=False)
    return sorted(misfits & set(own))


def check_first_layer(network: nn.Module, weights: dict[str, Tensor]) -> None:
    """Pass only when the first convolution still equals the file.

    ultralytics builds a fresh network when training starts and hands weights on only from a
    checkpoint of its own, without a word; this is called right before the first step.

    Raises:
        InitialWeightsError: It does not.
    """
    name = "model.0.conv.weight"
    if not torch.equal(network.state_dict()[name].float().cpu(), weights[name].cpu()):
        raise InitialWeightsError(f"{name} differs from the file: training would start elsewhere")
