"""Find a model by name or folder, and prove that its weights are those of its manifest."""

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.errors import ModelDamagedError, ModelNotFoundError
from models.manifest import ModelManifest

REGISTRY_FOLDER = Path(__file__).resolve().parent / "registry"
PROMOTED_FILE = "promoted.json"
MANIFEST_FILE = "manifest.json"
# The deployable form, in the order in which it is hashed.
DEPLOYABLE_FILES = ("model.xml", "model.bin")
TRAINABLE_FILES = ("trainable.safetensors", "trainable.yaml")


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredModel:
    """A model whose weights were checked against its manifest."""

    manifest: ModelManifest
    folder: Path

    @property
    def network_path(self) -> Path:
        """The OpenVINO network; its weights lie beside it."""
        return self.folder / DEPLOYABLE_FILES[0]


def read_model(
    path_or_name: str | Path | None = None, *, registry: Path = REGISTRY_FOLDER
) -> RegisteredModel:
    """Return the model in a folder, or of a name in the registry, or the promoted one for None.

    Raises:
        ModelNotFoundError: There is none.
        ModelDamagedError: Its manifest is wrong, or its weights are not those of the manifest.
    """
    if path_or_name is None:
        path_or_name = read_promoted_name(registry)
    folder = registry / path_or_name
    if not (folder / MANIFEST_FILE).is_file():
        folder = Path(path_or_name)
    if not (folder / MANIFEST_FILE).is_file():
        known = ", ".join(sorted(path.parent.name for path in registry.glob("*/manifest.json")))
        raise ModelNotFoundError(
            f"no model {str(path_or_name)!r}: neither a folder with {MANIFEST_FILE} nor one of "
            f"the registered models ({known or 'none'})"
        )
    manifest = parse_manifest((folder / MANIFEST_FILE).read_text(encoding="utf-8"))
    found = read_weights_sha256(folder)
    if found != manifest.weights_sha256:
        raise ModelDamagedError(
            f"{folder}: the weights' SHA-256 is {found}, its manifest says "
            f"{manifest.weights_sha256}"
        )
    return RegisteredModel(manifest=manifest, folder=folder)


def read_promoted_name(registry: Path = REGISTRY_FOLDER) -> str:
    """Return the name of the model that is used where none is asked for.

    Raises:
        ModelNotFoundError: No model was promoted yet.
        ModelDamagedError: The file that names it is wrong.
    """
    path = registry / PROMOTED_FILE
    try:
        name = json.loads(path.read_text(encoding="utf-8"))["model"]
    except FileNotFoundError as error:
        raise ModelNotFoundError(f"no model was promoted: {path} does not exist") from error
    except (ValueError, KeyError, TypeError) as error:
        raise ModelDamagedError(f'{path}: expected {{"model": NAME}}: {error!r}') from error
    if not isinstance(name, str):
        raise ModelDamagedError(f"{path}: the model's name is {name!r}")
    return name


def write_promoted_name(name: str, registry: Path = REGISTRY_FOLDER) -> None:
    """Make a registered model the one that is used where none is asked for."""
    text = json.dumps({"model": name}, indent=2) + "\n"
    (registry / PROMOTED_FILE).write_text(text, encoding="utf-8")


def read_weights_sha256(folder: Path) -> str:
    """Return the SHA-256 of the deployable form, in hexadecimal.

    It is that of the bytes of model.xml followed by those of model.bin, as printed by
    `cat model.xml model.bin | sha256sum`.

    Raises:
        ModelDamagedError: One of the files cannot be read.
    """
    digest = hashlib.sha256()
    for name in DEPLOYABLE_FILES:
        try:
            digest.update((folder / name).read_bytes())
        except OSError as error:
            raise ModelDamagedError(f"{folder}: {name} cannot be read: {error}") from error
    return digest.hexdigest()


def parse_manifest(text: str) -> ModelManifest:
    """Return the manifest in a JSON text whose keys are the fields of `ModelManifest`.

    Raises:
        ModelDamagedError: It is no JSON, or a field is absent, unknown or of a wrong value.
    """
    try:
        table = json.loads(text)
        known = {field.name for field in dataclasses.fields(ModelManifest)}
        if set(table) != known:
            raise ValueError(f"fields absent or unknown: {sorted(set(table) ^ known)}")
        manifest = _manifest_from(table)
        _check_manifest(manifest)
    except (ValueError, TypeError, AttributeError) as error:
        raise ModelDamagedError(f"model manifest: {error}") from error
    return manifest


def write_manifest(manifest: ModelManifest, folder: Path) -> None:
    """Write the manifest into the model's folder, in the form that `parse_manifest` takes."""
    text = json.dumps(dataclasses.asdict(manifest), indent=2, ensure_ascii=False) + "\n"
    (folder / MANIFEST_FILE).write_text(text, encoding="utf-8")


def _manifest_from(table: Mapping[str, Any]) -> ModelManifest:  # Any: JSON, checked here
    texts = ("name", "version", "weights_sha256", "licence", "data")
    wrong = [key for key in texts if not isinstance(table[key], str) or not table[key]]
    if wrong:
        raise ValueError(f"expected text that is not empty in {wrong}")
    return ModelManifest(
        **{key: table[key] for key in texts},
        classes=tuple(str(name) for name in table["classes"]),
        input_size_px=int(table["input_size_px"]),
        gsd_range_m={
            name: (float(smallest), float(largest))
            for name, (smallest, largest) in table["gsd_range_m"].items()
        },
        street_long_side_px=int(table["street_long_side_px"]),
        min_confidence={name: float(score) for name, score in table["min_confidence"].items()},
        metrics=dict(table["metrics"]),
    )


def _check_manifest(manifest: ModelManifest) -> None:
    if not manifest.classes or len(set(manifest.classes)) != len(manifest.classes):
        raise ValueError(f"classes are absent or named twice: {manifest.classes}")
    for field in ("gsd_range_m", "min_confidence"):
        if set(getattr(manifest, field)) != set(manifest.classes):
            raise ValueError(f"{field} is not for exactly the classes {manifest.classes}")
    for name, (smallest, largest) in manifest.gsd_range_m.items():
        if not 0 < smallest <= largest < float("inf"):
            raise ValueError(f"gsd_range_m of {name} is {smallest} to {largest}")
    for name, score in manifest.min_confidence.items():
        if not 0 <= score <= 1:
            raise ValueError(f"min_confidence of {name} is {score}")
    # The coarsest of the network's three grids has cells of 32 pixels.
    if manifest.input_size_px <= 0 or manifest.input_size_px % 32:
        raise ValueError(f"input_size_px is {manifest.input_size_px}, not a multiple of 32")
    if manifest.street_long_side_px <= 0:
        raise ValueError(f"street_long_side_px is {manifest.street_long_side_px}")
