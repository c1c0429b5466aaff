"""Whether the description of a trainable network is one, and nothing more.

ultralytics builds a network by looking up each layer's word among all that its module knows and
calling it, and evaluates the activation as Python: a description by a stranger could run
anything. So only known layers, with plain values, are let through.
"""

import re

from models.errors import ModelDamagedError

KEYS = {
    *("nc", "scale", "scales", "backbone", "head", "ch", "names", "activation"),
    *("reg_max", "end2end"),
}
LAYERS = {
    *("Conv", "DWConv", "ConvTranspose", "GhostConv", "Focus", "Concat", "Index"),
    *("Bottleneck", "GhostBottleneck", "C1", "C2", "C3", "C3x", "C3TR", "C3Ghost", "C3k2"),
    *("C2f", "C2fAttn", "C2fCIB", "C2fPSA", "C2PSA", "RepC3", "RepNCSPELAN4", "ELAN1"),
    *("ADown", "AConv", "SPPELAN", "SCDown", "PSA", "A2C2f", "SPP", "SPPF", "CBAM"),
    *("Detect", "v10Detect", "nn.Upsample", "nn.Identity", "nn.ConvTranspose2d"),
}
WORD = re.compile(r"[A-Za-z_]{1,16}")
ACTIVATION = re.compile(r"(torch\.)?nn\.(ReLU6?|SiLU|GELU|Mish|Hardswish|LeakyReLU)\([0-9.]*\)")
MAX_LAYERS = 500
LAYER_PARTS = 4  # from, repeats, word, arguments


def check_network_description(description: object, *, name: str) -> None:
    """Return if a network can be built from a description without running anything else.

    Args:
        description: As read from YAML by `safe_load`.
        name: For the message.

    Raises:
        ModelDamagedError: It holds anything but known layers and plain values.
    """
    if not isinstance(description, dict) or not {"nc", "backbone", "head"} <= set(description):
        raise ModelDamagedError(f"{name} describes no network")
    if unknown := sorted(str(key) for key in set(description) - KEYS):
        raise ModelDamagedError(f"{name}: unknown entries {', '.join(unknown)}")
    activation = description.get("activation")
    if activation is not None and not ACTIVATION.fullmatch(str(activation)):
        raise ModelDamagedError(f"{name}: activation {activation!r} is refused")
    if not isinstance(description["nc"], int) or not 1 <= description["nc"] <= 1000:
        raise ModelDamagedError(f"{name}: nc is {description['nc']!r}")
    layers = [*_as_list(description["backbone"], name), *_as_list(description["head"], name)]
    if not 1 <= len(layers) <= MAX_LAYERS:
        raise ModelDamagedError(f"{name}: {len(layers)} layers")
    for layer in layers:
        _check_layer(layer, name)


def _check_layer(layer: object, name: str) -> None:
    if not isinstance(layer, list) or len(layer) != LAYER_PARTS:
        raise ModelDamagedError(f"{name}: {layer!r} is no layer")
    if not isinstance(layer[2], str) or layer[2] not in LAYERS:
        raise ModelDamagedError(f"{name}: a layer {layer[2]!r} is refused")
    if not all(_is_plain(part) for part in (layer[0], layer[1], layer[3])):
        raise ModelDamagedError(f"{name}: arguments {layer[3]!r} are refused")


def _is_plain(value: object) -> bool:
    if isinstance(value, list):
        return all(_is_plain(part) for part in value)
    if isinstance(value, str):
        return WORD.fullmatch(value) is not None
    return value is None or isinstance(value, bool | int | float)


def _as_list(value: object, name: str) -> list[object]:
    if not isinstance(value, list):
        raise ModelDamagedError(f"{name}: {value!r} is no list of layers")
    return value
