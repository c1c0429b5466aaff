"""Start a network from weights in a safetensors file, and prove that it did."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import yaml  # type: ignore[import-untyped]  # its types are a package of their own
from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor, nn

from models.errors import ModelError
from models.network_description import check_network_description
from models.registry import BUILT_IN, Registry, check_trainable_form, read_model
from models.safe_files import TRAINABLE_FILES
from training.config import PROMOTED, SCRATCH, TrainingConfig
from training.errors import InitialWeightsError

MAX_DESCRIPTION_BYTES = 1_000_000
CLASS_BRANCH = "cv3."  # of the head, as ultralytics calls the layers that score classes


@dataclass(frozen=True, slots=True, kw_only=True)
class InitialWeights:
    """What a training starts from.

    Attributes:
        origin: Where it comes from, for people.
        sha256: Of the file, hexadecimal; None where a training starts from scratch.
        tensors: By parameter name; none from scratch.
        architecture: As ultralytics takes it: a name, a path, or a description.
        classes: Of the head in `tensors`, where it is known.
    """

    origin: str
    sha256: str | None
    tensors: dict[str, Tensor]
    architecture: str | dict[str, Any]  # Any: as ultralytics describes a network
    classes: tuple[str, ...] | None


def resolve_initial_weights(
    config: TrainingConfig, *, registry: Registry = BUILT_IN
) -> InitialWeights:
    """Return what a configuration starts from.

    Args:
        config: Of the training.
        registry: Where the promoted model is looked for.

    Raises:
        InitialWeightsError: The file is not there or is no safetensors file, no model was
            promoted, or nothing says which architecture to build.
    """
    path = _find_file(config.initial_weights, registry)
    description = {} if path is None else _read_description(path.with_name(TRAINABLE_FILES[1]))
    architecture = config.architecture or {k: v for k, v in description.items() if k != "names"}
    if not architecture:
        raise InitialWeightsError(
            f"nothing says which network to build from {config.initial_weights!r}: "
            "set architecture, such as yolov5n.yaml"
        )
    names = description.get("names")
    return InitialWeights(
        origin=config.initial_weights if path is None else str(path),
        sha256=None if path is None else hashlib.sha256(path.read_bytes()).hexdigest(),
        tensors={} if path is None else read_initial_weights(path),
        architecture=architecture,
        classes=None if names is None else tuple(map(str, names)),
    )


def describe_initial_weights(weights: InitialWeights) -> dict[str, Any]:  # Any: for JSON
    """Return all but the values themselves."""
    return {
        "origin": weights.origin,
        "sha256": weights.sha256,
        "architecture": weights.architecture,
        "classes": weights.classes,
    }


def _find_file(initial_weights: str, registry: Registry) -> Path | None:
    if initial_weights == SCRATCH:
        return None
    if initial_weights != PROMOTED:
        path = Path(initial_weights)
        return path / TRAINABLE_FILES[0] if path.is_dir() else path
    try:
        return check_trainable_form(read_model(registry=registry))
    except ModelError as error:
        raise InitialWeightsError(f"initial weights: {error}") from error


def _read_description(path: Path) -> dict[str, Any]:
    """Return the description of a network beside its weights; nothing where there is none."""
    try:
        if path.stat().st_size > MAX_DESCRIPTION_BYTES:
            raise InitialWeightsError(f"{path} is larger than {MAX_DESCRIPTION_BYTES} bytes")
        description = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise InitialWeightsError(f"{path}: no readable description: {error}") from error
    try:
        check_network_description(description, name=str(path))
    except ModelError as error:
        raise InitialWeightsError(str(error)) from error
    return dict(description)


def read_initial_weights(path: Path) -> dict[str, Tensor]:
    """Return the tensors of a safetensors file in float32, by the network's parameter names.

    Half precision to single precision is exact, so the values equal those in the file.

    Raises:
        InitialWeightsError: The file is absent or is no safetensors file.
    """
    try:
        tensors = load(path.read_bytes())
    except (OSError, ValueError, SafetensorError) as error:
        raise InitialWeightsError(f"cannot read initial weights {path}: {error}") from error
    return {
        name: value.float() if value.is_floating_point() else value
        for name, value in tensors.items()
    }


def start_network(network: nn.Module, weights: InitialWeights, classes: tuple[str, ...]) -> None:
    """Put the weights into a network; what its head knows of other classes is left out.

    Raises:
        InitialWeightsError: They do not fit.
    """
    if not weights.tensors:
        return
    head_prefix = f"model.{len(network.model) - 1}."
    tensors = weights.tensors
    if weights.classes is not None and weights.classes != classes:
        # As many classes with other meanings would fit, and be wrong. How boxes are drawn holds.
        of_classes = f"{head_prefix}{CLASS_BRANCH}"
        tensors = {k: v for k, v in tensors.items() if not k.startswith(of_classes)}
    load_initial_weights(network, tensors, head_prefix=head_prefix)


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
