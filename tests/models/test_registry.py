import dataclasses
import hashlib
import json
import shutil
from pathlib import Path

import pytest

from models.errors import ModelDamagedError, ModelNotFoundError
from models.history import format_history
from models.manifest import ModelManifest, parse_manifest
from models.registry import (
    BUILT_IN,
    REGISTRY_FOLDER,
    RegisteredModel,
    Registry,
    check_trainable_form,
    find_model,
    list_model_folders,
    read_files_sha256,
    read_model,
    read_promotion,
    read_weights_sha256,
    write_manifest,
)
from models.safe_files import TRAINABLE_FILES


def change_manifest(folder: Path, **changes: object) -> str:
    table = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return json.dumps({**table, **changes})


def registry_of(folder: Path) -> Registry:
    return Registry(built_in=folder.parent)


def copy_as(folder: Path, **changes: str) -> Path:
    """Copy a model beside itself under another name or version."""
    manifest = dataclasses.replace(read_model(folder).manifest, **changes)
    copy = folder.parent / manifest.id
    shutil.copytree(folder, copy)
    write_manifest(manifest, copy)
    return copy


def test_a_model_is_found_by_its_id_by_its_name_and_by_its_folder(tiny_folder: Path) -> None:
    registry = registry_of(tiny_folder)
    for name in ("tiny-1", "tiny", tiny_folder):
        model = read_model(name, registry=registry)
        assert model.network_path == tiny_folder / "model.xml"
        assert model.manifest.id == "tiny-1"


def test_a_name_of_two_versions_asks_which(tiny_folder: Path) -> None:
    copy_as(tiny_folder, version="2")
    with pytest.raises(ModelNotFoundError, match="tiny-1, tiny-2"):
        read_model("tiny", registry=registry_of(tiny_folder))


@pytest.mark.parametrize("name", ["..", "../registry/tiny-1", "a/b", "", ".", "/etc", "tiny-1/."])
def test_a_path_is_no_name_of_a_registered_model(tiny_folder: Path, name: str) -> None:
    assert find_model(name, registry_of(tiny_folder)) is None


def test_the_bureaus_own_model_goes_before_the_packages(tiny_folder: Path, tmp_path: Path) -> None:
    own = tmp_path / "own"
    shutil.copytree(tiny_folder, own / "tiny-1")
    registry = Registry(own=own, built_in=tiny_folder.parent)
    assert find_model("tiny-1", registry) == own / "tiny-1"
    assert list_model_folders(registry) == [own / "tiny-1"]


def test_a_registry_that_does_not_exist_yet_is_empty(tiny_folder: Path, tmp_path: Path) -> None:
    registry = Registry(own=tmp_path / "none", built_in=tiny_folder.parent)
    assert list_model_folders(registry) == [tiny_folder]


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


def test_no_promoted_model_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFoundError, match="no model was promoted"):
        read_model(registry=Registry(built_in=tmp_path))


def test_an_unknown_name_lists_the_known_ones(tiny_folder: Path) -> None:
    with pytest.raises(ModelNotFoundError, match=r"'large'.*tiny-1"):
        read_model("large", registry=registry_of(tiny_folder))


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


def test_a_model_exchanged_after_its_promotion_is_not_used(tiny_folder: Path) -> None:
    registry = registry_of(tiny_folder)
    promotion = dataclasses.replace(
        read_promotion(), model="tiny-1", weights_sha256=read_weights_sha256(tiny_folder)
    )
    path = tiny_folder.parent / "promoted.json"
    path.write_text(format_history([promotion]), encoding="utf-8")
    assert read_model(registry=registry).folder == tiny_folder
    other = dataclasses.replace(promotion, weights_sha256="0" * 64)
    path.write_text(format_history([other]), encoding="utf-8")
    with pytest.raises(ModelDamagedError, match="not the model that was promoted"):
        read_model(registry=registry)


def with_trainable_form(folder: Path, weights: bytes) -> RegisteredModel:
    (folder / TRAINABLE_FILES[0]).write_bytes(weights)
    (folder / TRAINABLE_FILES[1]).write_text("nc: 2\n", encoding="utf-8")
    digest = read_files_sha256(folder, TRAINABLE_FILES)
    manifest = dataclasses.replace(read_model(folder).manifest, trainable_sha256=digest)
    write_manifest(manifest, folder)
    return read_model(folder)


def test_the_trainable_form_is_checked_as_the_deployable_one(tiny_folder: Path) -> None:
    model = with_trainable_form(tiny_folder, (2).to_bytes(8, "little") + b"{}")
    assert check_trainable_form(model) == tiny_folder / TRAINABLE_FILES[0]
    (tiny_folder / TRAINABLE_FILES[1]).write_text("nc: 3\n", encoding="utf-8")
    with pytest.raises(ModelDamagedError, match="SHA-256"):
        check_trainable_form(model)


def test_a_pickle_renamed_to_safetensors_is_refused(tiny_folder: Path) -> None:
    model = with_trainable_form(tiny_folder, b"\x80\x04\x95" + b"x" * 100)
    with pytest.raises(ModelDamagedError, match="no safetensors"):
        check_trainable_form(model)


def test_a_model_without_a_trainable_form_is_said_so(tiny_folder: Path) -> None:
    with pytest.raises(ModelNotFoundError, match="tiny-1 has no trainable form"):
        check_trainable_form(read_model(tiny_folder))


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
        ({"street_ratios": [1, 0]}, "street_ratios"),
        ({"street_ratios": [1, 1e9]}, "street_ratios"),
        ({"street_ratios": [1] * 9}, "street_ratios"),
        ({"street_calibration": {"green": {}}}, "calibration of green"),
        ({"name": ""}, "name"),
        ({"name": "../../etc"}, "name"),
        ({"version": "1/2"}, "version"),
        ({"surplus": 1}, "surplus"),
        ({"metrics": None}, "manifest"),
        ({"trainable_sha256": "abc"}, "trainable_sha256"),
        ({"calibration": {"green": {}}}, "calibration of green"),
        ({"calibration": {"red": {"raw": [0, 1], "calibrated": [1, 0]}}}, "calibration of red"),
    ],
)
def test_a_wrong_manifest_says_what_is_wrong(
    tiny_folder: Path, changes: dict[str, object], message: str
) -> None:
    with pytest.raises(ModelDamagedError, match=message):
        parse_manifest(change_manifest(tiny_folder, **changes))


@pytest.mark.parametrize("text", ["", "{", "[]", "3", "null", '{"name": "x"}', "[" * 100_000])
def test_what_is_no_manifest_is_refused(text: str) -> None:
    with pytest.raises(ModelDamagedError):
        parse_manifest(text)


def test_every_model_of_the_package_is_whole_in_both_forms() -> None:
    folders = list_model_folders()
    assert folders
    for folder in folders:
        model = read_model(folder)
        assert model.manifest.id == folder.name
        check_trainable_form(model)
    assert read_model().folder in folders
    assert BUILT_IN.folders == (REGISTRY_FOLDER,)


def test_a_version_with_a_plus_is_found(tiny_folder: Path) -> None:
    copy = copy_as(tiny_folder, version="1+bureau.2")
    assert find_model("tiny-1+bureau.2", registry_of(tiny_folder)) == copy


def test_the_longest_name_and_version_are_found(tiny_folder: Path) -> None:
    copy = copy_as(tiny_folder, name="n" * 64, version="v" * 32)
    assert find_model(copy.name, registry_of(tiny_folder)) == copy


@pytest.mark.parametrize("number", [10**40, 1e308, float("inf")], ids=str)
@pytest.mark.parametrize("field", ["street_long_side_px", "input_size_px"])
def test_numbers_beyond_all_bounds_are_refused(
    tiny_folder: Path, field: str, number: float
) -> None:
    with pytest.raises(ModelDamagedError):
        parse_manifest(change_manifest(tiny_folder, **{field: number}))


def test_models_of_the_package_are_small_enough_for_a_repository() -> None:
    for folder in list_model_folders():
        assert sum(path.stat().st_size for path in folder.iterdir()) < 12_500_000, folder.name
