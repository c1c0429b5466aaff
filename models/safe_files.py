"""Which files a model may consist of, and that each of them is what its name says.

A model that somebody else made is untrusted: none of its files may run code when it is opened,
or make us open a file outside its folder.
"""

import json
import re
from pathlib import Path

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from models.errors import ModelDamagedError

MANIFEST_FILE = "manifest.json"
# The deployable form is either of these, in the order in which they are hashed.
DEPLOYABLE_FILES = ("model.xml", "model.bin")
ONNX_FILES = ("model.onnx",)
TRAINABLE_FILES = ("trainable.safetensors", "trainable.yaml")
# Read by ultralytics where it scores the deployable form itself, never by us.
EXPORT_FILES = ("metadata.yaml",)
# How the model was made, in words: the card opens with it.
MADE_FILE = "MADE.md"
# `models score` writes both; no other SVG is needed.
CARD_FILE, CARD_PLOT = "CARD.md", "reliability.svg"
MODEL_FILES = {
    *(MANIFEST_FILE, CARD_PLOT),
    *DEPLOYABLE_FILES,
    *ONNX_FILES,
    *TRAINABLE_FILES,
    *EXPORT_FILES,
}
RECORD_SUFFIXES = {".md", ".json", ".toml", ".csv", ".png", ".jpg"}
PICKLE_SUFFIXES = {".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".joblib", ".npy", ".npz"}

MAX_XML_BYTES = 50_000_000
MAX_WEIGHTS_BYTES = 2_000_000_000
MAX_HEADER_BYTES = 20_000_000

# A protobuf string is preceded by its length as a varint: 8 in its shortest or a longer spelling.
# ONNX keeps tensors in other files by an entry with the key `location` (onnx.proto, TensorProto,
# external_data).
ONNX_EXTERNAL_FILE = re.compile(rb"(?:\x08|\x88\x80{0,8}\x00)location")
OPSET = re.compile(r"opset\d{1,2}")


def check_model_folder(folder: Path) -> None:
    """Return if a folder holds nothing but files that a model may consist of.

    Raises:
        ModelDamagedError: Says which file is refused, and why.
    """
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        raise ModelDamagedError(f"{folder} cannot be read: {error.strerror}") from error
    for entry in entries:
        if entry.name.startswith(".") and entry.is_file() and not entry.is_symlink():
            continue  # .DS_Store and its like say nothing
        if entry.is_symlink() or not entry.is_file():
            raise ModelDamagedError(f"{folder}: {entry.name} is no plain file")
        if entry.suffix.lower() in PICKLE_SUFFIXES:
            raise ModelDamagedError(
                f"{folder}: {entry.name} may run code when it is opened and is refused; models "
                "are OpenVINO (.xml and .bin), ONNX or safetensors"
            )
        if entry.name not in MODEL_FILES and entry.suffix.lower() not in RECORD_SUFFIXES:
            raise ModelDamagedError(f"{folder}: {entry.name} is no file of a model")


def deployable_files(folder: Path) -> tuple[str, ...]:
    """Return the names of the deployable form's files, OpenVINO's or ONNX.

    Raises:
        ModelDamagedError: Both are there.
    """
    if not (folder / ONNX_FILES[0]).exists():
        return DEPLOYABLE_FILES
    both = [name for name in DEPLOYABLE_FILES if (folder / name).exists()]
    if both:
        raise ModelDamagedError(f"{folder} holds {both[0]} and {ONNX_FILES[0]}: which is it?")
    return ONNX_FILES


def check_deployable_form(folder: Path) -> None:
    """Return if the network is read from the folder's own files alone.

    Raises:
        ModelDamagedError: It is not what its name says, or it points to other files.
    """
    names = deployable_files(folder)
    for name in names:
        _check_size(folder / name, MAX_WEIGHTS_BYTES)
    if names == ONNX_FILES:
        check_onnx((folder / names[0]).read_bytes(), name=str(folder / names[0]))
        return
    xml, weights = (folder / name for name in names)
    _check_size(xml, MAX_XML_BYTES)
    check_openvino_xml(xml.read_bytes(), weights_bytes=weights.stat().st_size, name=str(xml))


def check_openvino_xml(content: bytes, *, weights_bytes: int, name: str) -> None:
    """Return if an OpenVINO network needs nothing but its weights.

    Args:
        content: Of the .xml.
        weights_bytes: Length of the .bin: no constant may lie beyond its end.
        name: For the message.

    Raises:
        ModelDamagedError: It is no such network.
    """
    try:
        net = ElementTree.fromstring(content, forbid_dtd=True)
    except (ElementTree.ParseError, DefusedXmlException, ValueError) as error:
        raise ModelDamagedError(f"{name} is no OpenVINO network: {error!r}") from error
    layers = list(net.iter("layer"))
    if net.tag != "net" or not layers:
        raise ModelDamagedError(f"{name} is no OpenVINO network: it has no layers")
    for layer in layers:
        version = layer.get("version", "")
        if not OPSET.fullmatch(version):
            raise ModelDamagedError(f"{name}: a layer {layer.get('type')!r} of {version!r}")
    for element in net.iter():
        for key, value in element.items():
            if "path" in key.lower() or "file" in key.lower():
                raise ModelDamagedError(f"{name} points to another file: {key}={value!r}")
        if "path" in element.tag.lower() or "file" in element.tag.lower():
            raise ModelDamagedError(f"{name} points to another file: <{element.tag}>")
    for data in net.iter("data"):
        if "offset" in data.keys() and "size" in data.keys():  # noqa: SIM118  (an element's)
            _check_constant(data.get("offset"), data.get("size"), weights_bytes, name)


def check_onnx(content: bytes, *, name: str) -> None:
    """Return if an ONNX network holds its weights itself.

    Raises:
        ModelDamagedError: It points to other files.
    """
    if ONNX_EXTERNAL_FILE.search(content):
        raise ModelDamagedError(f"{name} keeps weights in another file; export it as one file")


def check_safetensors(path: Path) -> None:
    """Return if a file begins as safetensors do: a length and a JSON table.

    Raises:
        ModelDamagedError: It does not, as a renamed pickle.
    """
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if not 2 <= length <= min(MAX_HEADER_BYTES, path.stat().st_size - 8):
                raise ValueError(f"a header of {length} bytes")
            if not isinstance(json.loads(file.read(length)), dict):
                raise ValueError("its header is no table")
    except (OSError, ValueError, RecursionError) as error:
        raise ModelDamagedError(f"{path} is no safetensors file: {error}") from error


def _check_size(path: Path, most: int) -> None:
    try:
        size = path.stat().st_size
    except OSError as error:
        raise ModelDamagedError(
            f"{path.parent}: {path.name} cannot be read: {error.strerror}"
        ) from error
    if size > most:
        raise ModelDamagedError(f"{path} holds {size} bytes, more than {most}")


def _check_constant(offset: str | None, size: str | None, weights_bytes: int, name: str) -> None:
    try:
        first, count = int(offset or ""), int(size or "")
    except ValueError as error:
        raise ModelDamagedError(f"{name}: a constant at {offset!r} of {size!r} bytes") from error
    if first < 0 or count < 0 or first + count > weights_bytes:
        raise ModelDamagedError(f"{name}: a constant lies beyond the end of the weights")
