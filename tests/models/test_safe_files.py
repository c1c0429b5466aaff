from pathlib import Path

import pytest

from models.errors import ModelDamagedError
from models.registry import read_model
from models.safe_files import check_onnx, check_openvino_xml

LAYER = '<layer id="0" name="/model.0/conv" type="Const" version="opset1">{data}</layer>'


def network(*, data: str = '<data offset="0" size="8" />', more: str = "") -> bytes:
    layers = f"<layers>{LAYER.format(data=data)}</layers>"
    return f'<?xml version="1.0"?><net name="n" version="11">{layers}{more}</net>'.encode()


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("best.pt", "may run code"),
        ("weights.PKL", "may run code"),
        ("more.npz", "may run code"),
        ("setup.py", "no file of a model"),
        ("other.yaml", "no file of a model"),
        ("model.dll", "no file of a model"),
    ],
)
def test_a_folder_with_other_files_is_refused_and_says_why(
    tiny_folder: Path, name: str, reason: str
) -> None:
    (tiny_folder / name).write_bytes(b"")
    with pytest.raises(ModelDamagedError, match=f"{name}.*{reason}"):
        read_model(tiny_folder)


@pytest.mark.parametrize(
    "name", ["CARD.md", "curve.png", "training.toml", ".DS_Store", "reliability.svg"]
)
def test_records_beside_a_model_are_welcome(tiny_folder: Path, name: str) -> None:
    (tiny_folder / name).write_bytes(b"")
    assert read_model(tiny_folder).manifest.name == "tiny"


def test_weights_that_are_a_link_out_of_the_folder_are_refused(
    tiny_folder: Path, tmp_path: Path
) -> None:
    weights = tiny_folder / "model.bin"
    weights.rename(tmp_path / "elsewhere.bin")
    weights.symlink_to(tmp_path / "elsewhere.bin")
    with pytest.raises(ModelDamagedError, match=r"model\.bin is no plain file"):
        read_model(tiny_folder)


def test_two_deployable_forms_are_refused(tiny_folder: Path) -> None:
    (tiny_folder / "model.onnx").write_bytes(b"")
    with pytest.raises(ModelDamagedError, match="which is it"):
        read_model(tiny_folder)


def test_a_network_of_its_own_weights_is_taken() -> None:
    check_openvino_xml(network(), weights_bytes=8, name="m")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no OpenVINO network"),
        (b"<net/>", "no layers"),
        (b"<other><layer/></other>", "no layers"),
        (network().replace(b"opset1", b"extension"), "extension"),
        (network(data='<data offset="0" size="9" />'), "beyond the end"),
        (network(data='<data offset="-4" size="8" />'), "beyond the end"),
        (network(data='<data offset="a" size="8" />'), "constant"),
        (network(data='<data weights_path="/etc/passwd" />'), "points to another file"),
        (network(more="<rt_info><weights_path value='x' /></rt_info>"), "points to another file"),
        (b'<!DOCTYPE net [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + network()[21:], "network"),
    ],
)
def test_a_network_that_reaches_out_of_its_files_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(ModelDamagedError, match=message):
        check_openvino_xml(content, weights_bytes=8, name="m")


@pytest.mark.parametrize("length", [b"\x08", b"\x88\x00", b"\x88\x80\x80\x00"])
def test_an_onnx_network_with_weights_elsewhere_is_refused(length: bytes) -> None:
    # StringStringEntryProto: field 1 (key) is `location`, field 2 (value) the path.
    entry = b"\x0a" + length + b"location\x12\x0b../weights"
    with pytest.raises(ModelDamagedError, match="another file"):
        check_onnx(b"\x08\x07" + entry, name="m")


def test_an_onnx_layer_may_be_called_allocation() -> None:
    check_onnx(b"\x0a\x0aallocation", name="m")
