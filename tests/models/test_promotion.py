import dataclasses
import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import ModelDamagedError, ModelError, ModelNotFoundError
from models.history import (
    Promotion,
    PromotionKind,
    Signature,
    format_history,
    parse_history,
    standing_promotions,
)
from models.promotion import add_model, promote, rollback
from models.registry import (
    Registry,
    read_history,
    read_model,
    read_promotion,
    write_manifest,
)

NOW = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)
ANN = Signature(by="ann", at=NOW)


@pytest.fixture
def registry(tiny_folder: Path, tmp_path: Path) -> Registry:
    """Return a registry whose package promotes tiny-1, with an empty one of the bureau."""
    model = read_model(tiny_folder)
    first = make_promotion("tiny-1", weights_sha256=model.manifest.weights_sha256)
    (tiny_folder.parent / "promoted.json").write_text(format_history([first]), encoding="utf-8")
    return Registry(own=tmp_path / "own", built_in=tiny_folder.parent)


def make_promotion(model: str, **changes: object) -> Promotion:
    values: dict[str, object] = {
        "model": model,
        "weights_sha256": "0" * 64,
        "kind": PromotionKind.PROMOTE,
        "at": NOW,
        "by": "ann",
        "gate_report": None,
        "forced": False,
        "reason": "",
    }
    return Promotion(**(values | changes))  # type: ignore[arg-type]


def make_version(folder: Path, target: Path, version: str) -> Path:
    copy = target / f"candidate-{version}"
    shutil.copytree(folder, copy)
    write_manifest(dataclasses.replace(read_model(folder).manifest, version=version), copy)
    return copy


def test_promoting_writes_who_when_and_why_and_leaves_the_package_alone(
    registry: Registry, tiny_folder: Path, tmp_path: Path
) -> None:
    package = {path: path.read_bytes() for path in tiny_folder.parent.rglob("*") if path.is_file()}
    model = add_model(make_version(tiny_folder, tmp_path, "2"), registry)
    promote(model, registry, signed=ANN, reason="passed", gate_report="gate.json")
    assert registry.own is not None
    (entry,) = json.loads((registry.own / "promoted.json").read_text())["promotions"]
    assert entry == {
        "model": "tiny-2",
        "weights_sha256": model.manifest.weights_sha256,
        "kind": "promote",
        "at": "2026-05-04T03:02:01+00:00",
        "by": "ann",
        "gate_report": "gate.json",
        "forced": False,
        "reason": "passed",
    }
    assert read_model(registry=registry).folder == registry.own / "tiny-2"
    assert package == {
        path: path.read_bytes() for path in tiny_folder.parent.rglob("*") if path.is_file()
    }


def test_a_rollback_is_logged_and_goes_back_step_by_step(
    registry: Registry, tiny_folder: Path, tmp_path: Path
) -> None:
    for version in ("2", "3"):
        model = add_model(make_version(tiny_folder, tmp_path, version), registry)
        promote(model, registry, signed=ANN, reason="passed")
    for expected in ("tiny-2", "tiny-1"):
        assert rollback(registry, signed=ANN, reason="no").model == expected
        assert read_model(registry=registry).manifest.id == expected
    with pytest.raises(ModelNotFoundError, match="no model before"):
        rollback(registry, signed=ANN, reason="no")
    assert [(one.kind.value, one.model) for one in read_history(registry)] == [
        ("promote", "tiny-1"),
        ("promote", "tiny-2"),
        ("promote", "tiny-3"),
        ("rollback", "tiny-2"),
        ("rollback", "tiny-1"),
    ]


def test_the_model_in_force_is_not_promoted_again(registry: Registry) -> None:
    with pytest.raises(ModelError, match="in force already"):
        promote(read_model(registry=registry), registry, signed=ANN, reason="")


def test_a_model_that_is_not_registered_is_not_promoted(
    registry: Registry, tiny_folder: Path, tmp_path: Path
) -> None:
    model = read_model(make_version(tiny_folder, tmp_path, "2"))
    with pytest.raises(ModelError, match="not registered"):
        promote(model, registry, signed=ANN, reason="")


def test_a_package_is_never_written_to(tiny_folder: Path, tmp_path: Path) -> None:
    registry = Registry(built_in=tiny_folder.parent)
    with pytest.raises(ModelError, match="not written to"):
        add_model(make_version(tiny_folder, tmp_path, "2"), registry)


def test_a_version_is_added_once(registry: Registry, tiny_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="another version"):
        add_model(tiny_folder, registry)
    folder = make_version(tiny_folder, tmp_path, "2")
    add_model(folder, registry)
    with pytest.raises(ModelError, match="another version"):
        add_model(folder, registry)


def test_a_damaged_model_is_not_added_and_leaves_nothing(
    registry: Registry, tiny_folder: Path, tmp_path: Path
) -> None:
    folder = make_version(tiny_folder, tmp_path, "2")
    (folder / "model.bin").write_bytes(b"other")
    with pytest.raises(ModelDamagedError):
        add_model(folder, registry)
    (folder / "best.pt").write_bytes(b"")
    with pytest.raises(ModelDamagedError, match="may run code"):
        add_model(folder, registry)
    assert registry.own is not None
    assert not registry.own.exists()


def test_a_trainable_form_without_a_hash_is_not_added(
    registry: Registry, tiny_folder: Path, tmp_path: Path
) -> None:
    folder = make_version(tiny_folder, tmp_path, "2")
    (folder / "trainable.safetensors").write_bytes(b"")
    with pytest.raises(ModelDamagedError, match="no SHA-256"):
        add_model(folder, registry)


def test_a_promoted_model_that_is_gone_is_said_so(
    registry: Registry, tiny_folder: Path, tmp_path: Path
) -> None:
    model = add_model(make_version(tiny_folder, tmp_path, "2"), registry)
    promote(model, registry, signed=ANN, reason="")
    shutil.rmtree(model.folder)
    with pytest.raises(ModelNotFoundError, match="tiny-2 was promoted and is gone"):
        read_model(registry=registry)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"promotions": [{}]}', '{"promotions": 3}'])
def test_a_damaged_history_is_refused_and_named(registry: Registry, text: str) -> None:
    assert registry.own is not None
    registry.own.mkdir()
    (registry.own / "promoted.json").write_text(text, encoding="utf-8")
    with pytest.raises(ModelDamagedError, match=r"own/promoted\.json"):
        read_promotion(registry)


def test_a_time_without_zone_is_refused() -> None:
    text = format_history([make_promotion("a", at=NOW.replace(tzinfo=None))])
    with pytest.raises(ModelDamagedError):
        parse_history(text)


@given(st.lists(st.sampled_from(["a", "b", "c", None]), max_size=12))
def test_what_stands_is_a_stack_and_the_last_entry_is_in_force(steps: list[str | None]) -> None:
    history: list[Promotion] = []
    stack: list[str] = []
    for step in steps:
        if step is not None:
            history.append(make_promotion(step))
            stack.append(step)
        elif len(stack) > 1:
            stack.pop()
            history.append(make_promotion(stack[-1], kind=PromotionKind.ROLLBACK))
    assert [one.model for one in standing_promotions(history)] == stack
    assert parse_history(format_history(history)) == tuple(history)
    if history:
        assert history[-1].model == stack[-1]


def test_promotions_at_the_same_time_are_all_in_the_history(
    registry: Registry, tiny_folder: Path, tmp_path: Path
) -> None:
    versions = [f"1.{number}" for number in range(8)]
    models = [
        add_model(make_version(tiny_folder, tmp_path / version, version), registry)
        for version in versions
    ]
    before = len(read_history(registry))
    with ThreadPoolExecutor(len(models)) as pool:
        list(pool.map(lambda one: promote(one, registry, signed=ANN, reason="x"), models))
    assert {one.model for one in read_history(registry)[before:]} == {
        model.manifest.id for model in models
    }
