import hashlib
import json
from pathlib import Path

import pytest

from models.errors import ModelDamagedError, ModelNotFoundError
from models.manifest import ModelManifest
from models.registry import (
    REGISTRY_FOLDER,
    parse_manifest,
    read_model,
    read_weights_sha256,
    write_promoted_name,
)


def change_manifest(folder: Path, **changes: object) -> str:
    table = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return json.dumps({**table, **changes})


def test_a_model_is_found_by_name_and_by_folder(tiny_folder: Path) -> None:
    by_name = read_model("tiny", registry=tiny_folder.parent)
    by_folder = read_model(tiny_folder)
    assert by_name.manifest == by_folder.manifest
    assert by_name.network_path == tiny_folder / "model.xml"


def test_the_manifest_survives_writing_and_reading(
    tiny_folder: Path, tiny_manifest: ModelManifest
) -> None:
    manifest = read_model(tiny_folder).manifest
    assert manifest.classes == tiny_manifest.classes
    assert manifest.gsd_range_m == tiny_manifest.gsd_range_m
    assert manifest.weights_sha256 == read_weights_sha256(tiny_folder)


def test_the_hash_is_that_of_both_files_one_after_the_other(tmp_path: Path) -> None:
    (tmp_path / "model.xml").write_bytes(b"ab")
    (tmp_path / "model.bin").write_bytes(b"c")
    assert read_weights_sha256(tmp_path) == hashlib.sha256(b"abc").hexdigest()


def test_the_promoted_model_is_used_where_none_is_named(tiny_folder: Path) -> None:
    write_promoted_name("tiny", tiny_folder.parent)
    assert read_model(registry=tiny_folder.parent).manifest.name == "tiny"


def test_no_promoted_model_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFoundError, match="no model was promoted"):
        read_model(registry=tmp_path)


def test_an_unknown_name_lists_the_known_ones(tiny_folder: Path) -> None:
    with pytest.raises(ModelNotFoundError, match=r"'large'.*tiny"):
        read_model("large", registry=tiny_folder.parent)


@pytest.mark.parametrize("name", ["model.xml", "model.bin"])
def test_changed_weights_are_refused(tiny_folder: Path, name: str) -> None:
    path = tiny_folder / name
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(ModelDamagedError, match="SHA-256"):
        read_model(tiny_folder)


def test_absent_weights_are_refused(tiny_folder: Path) -> None:
    (tiny_folder / "model.bin").unlink()
    with pytest.raises(ModelDamagedError, match=r"model\.bin"):
        read_model(tiny_folder)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"classes": []}, "classes"),
        ({"classes": ["red", "red"]}, "twice"),
        ({"input_size_px": 100}, "multiple of 32"),
        ({"gsd_range_m": {"red": [0.1, 0.2]}}, "gsd_range_m"),
        ({"gsd_range_m": {"red": [0.2, 0.1], "blue": [0.1, 0.2]}}, "0.2 to 0.1"),
        ({"min_confidence": {"red": 2, "blue": 0.5}}, "min_confidence of red"),
        ({"street_long_side_px": 0}, "street_long_side_px"),
        ({"name": ""}, "name"),
        ({"surplus": 1}, "surplus"),
        ({"metrics": None}, "manifest"),
    ],
)
def test_a_wrong_manifest_says_what_is_wrong(
    tiny_folder: Path, changes: dict[str, object], message: str
) -> None:
    with pytest.raises(ModelDamagedError, match=message):
        parse_manifest(change_manifest(tiny_folder, **changes))


@pytest.mark.parametrize("text", ["", "{", "[]", "3", "null", '{"name": "x"}'])
def test_what_is_no_manifest_is_refused(text: str) -> None:
    with pytest.raises(ModelDamagedError):
        parse_manifest(text)


def test_every_model_of_the_registry_is_whole() -> None:
    folders = sorted(path.parent for path in REGISTRY_FOLDER.glob("*/manifest.json"))
    if not folders:
        pytest.skip("no model is registered yet")
    for folder in folders:
        assert read_model(folder).manifest.name == folder.name
    assert read_model().folder in folders
