"""Find a model by name or folder, and prove that its weights are those of its manifest.

There are two places: the models that come with the package, which nothing here writes to, and a
bureau's own, which may be anywhere. Each model lies in a folder NAME-VERSION.
"""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from models.errors import ModelDamagedError, ModelError, ModelNotFoundError
from models.history import Promotion, parse_history
from models.manifest import ID_PATTERN, ModelManifest, format_manifest, parse_manifest
from models.safe_files import (
    MANIFEST_FILE,
    TRAINABLE_FILES,
    check_deployable_form,
    check_model_folder,
    check_safetensors,
    deployable_files,
)

REGISTRY_FOLDER = Path(__file__).resolve().parent / "registry"
PROMOTED_FILE = "promoted.json"
MAX_MANIFEST_BYTES = 10_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """Where models are looked for.

    Attributes:
        own: The bureau's models and its history of promotions; need not exist. None where only
            the package's models count.
        built_in: The package's models; never written to.
    """

    own: Path | None = None
    built_in: Path = REGISTRY_FOLDER

    @property
    def folders(self) -> tuple[Path, ...]:
        """Both places, the bureau's own first."""
        return (self.built_in,) if self.own is None else (self.own, self.built_in)


BUILT_IN = Registry()


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredModel:
    """A model whose weights were checked against its manifest."""

    manifest: ModelManifest
    folder: Path

    @property
    def network_path(self) -> Path:
        """The network, OpenVINO's or ONNX; the weights of the former lie beside it."""
        return self.folder / deployable_files(self.folder)[0]


def read_model(
    path_or_name: str | Path | None = None, *, registry: Registry = BUILT_IN
) -> RegisteredModel:
    """Return a registered model, or that in a folder, or the promoted one for None.

    Args:
        path_or_name: Such as `patrol-n-0.1.0`; `patrol-n` where there is one version of it.
        registry: Where to look.

    Raises:
        ModelNotFoundError: There is none.
        ModelDamagedError: Its manifest is wrong, its weights are not those of the manifest, or
            it holds files that no model consists of.
    """
    if path_or_name is None:
        return _read_promoted(registry)
    folder = find_model(str(path_or_name), registry) or Path(path_or_name)
    if not (folder / MANIFEST_FILE).is_file():
        known = ", ".join(sorted(path.name for path in list_model_folders(registry)))
        raise ModelNotFoundError(
            f"no model {str(path_or_name)!r}: neither a folder with {MANIFEST_FILE} nor one of "
            f"the registered models ({known or 'none'})"
        )
    return read_model_folder(folder)


def find_model(name: str, registry: Registry = BUILT_IN) -> Path | None:
    """Return the folder of a registered model, or None where there is no such.

    Args:
        name: With its version, or without where there is one version; never a path.
        registry: Where to look.

    Raises:
        ModelNotFoundError: There are several versions.
    """
    if not ID_PATTERN.fullmatch(name) or ".." in name:
        return None
    for place in registry.folders:
        if (place / name / MANIFEST_FILE).is_file():
            return place / name
    versions = [path for path in list_model_folders(registry) if _name_in(path) == name]
    if len(versions) > 1:
        raise ModelNotFoundError(
            f"{name} is there in several versions; say which: "
            + ", ".join(path.name for path in versions)
        )
    return versions[0] if versions else None


def list_model_folders(registry: Registry = BUILT_IN) -> list[Path]:
    """Return the folders of all registered models, unchecked, by name."""
    found = {
        path.parent.name: path.parent
        for place in reversed(registry.folders)
        for path in place.glob(f"*/{MANIFEST_FILE}")
    }
    return [found[name] for name in sorted(found)]


def read_model_folder(folder: Path) -> RegisteredModel:
    """Return the model in a folder, checked.

    Raises:
        ModelDamagedError: See `read_model`.
    """
    check_model_folder(folder)
    manifest = read_manifest(folder)
    found = read_weights_sha256(folder)
    if found != manifest.weights_sha256:
        raise ModelDamagedError(
            f"{folder}: the weights' SHA-256 is {found}, its manifest says "
            f"{manifest.weights_sha256}"
        )
    check_deployable_form(folder)
    return RegisteredModel(manifest=manifest, folder=folder)


def check_is_no_registered_folder(folder: Path, registry: Registry) -> None:
    """Return if a folder lies in neither place of registered models: these do not change.

    Raises:
        ModelError: It does.
    """
    if any(folder.resolve().is_relative_to(place.resolve()) for place in registry.folders):
        raise ModelError(f"{folder} is registered and stays as it is; work on a copy elsewhere")


def check_trainable_form(model: RegisteredModel) -> Path:
    """Return the path of a model's trainable weights, checked against its manifest.

    Raises:
        ModelNotFoundError: The model has no trainable form.
        ModelDamagedError: The files are not those of the manifest, or no safetensors.
    """
    if model.manifest.trainable_sha256 is None:
        raise ModelNotFoundError(f"{model.manifest.id} has no trainable form")
    found = read_files_sha256(model.folder, TRAINABLE_FILES)
    if found != model.manifest.trainable_sha256:
        raise ModelDamagedError(
            f"{model.folder}: the trainable form's SHA-256 is {found}, its manifest says "
            f"{model.manifest.trainable_sha256}"
        )
    check_safetensors(model.folder / TRAINABLE_FILES[0])
    return model.folder / TRAINABLE_FILES[0]


def read_history(registry: Registry = BUILT_IN) -> tuple[Promotion, ...]:
    """Return all promotions, the oldest first: the package's, then the bureau's own.

    Raises:
        ModelDamagedError: A history cannot be read.
    """
    return tuple(one for place in reversed(registry.folders) for one in read_history_of(place))


def read_promotion(registry: Registry = BUILT_IN) -> Promotion:
    """Return the promotion in force: the bureau's last, or else the package's.

    Raises:
        ModelNotFoundError: No model was promoted yet.
        ModelDamagedError: A history cannot be read.
    """
    history = read_history(registry)
    if not history:
        places = " and ".join(map(str, registry.folders))
        raise ModelNotFoundError(f"no model was promoted in {places}")
    return history[-1]


def read_weights_sha256(folder: Path) -> str:
    """Return the SHA-256 of the deployable form, in hexadecimal.

    It is that of the bytes of model.xml followed by those of model.bin, as printed by
    `cat model.xml model.bin | sha256sum`, or that of model.onnx.

    Raises:
        ModelDamagedError: One of the files cannot be read.
    """
    return read_files_sha256(folder, deployable_files(folder))


def read_files_sha256(folder: Path, names: Sequence[str]) -> str:
    """Return the SHA-256 of files one after the other, in hexadecimal.

    Raises:
        ModelDamagedError: One of them cannot be read.
    """
    digest = hashlib.sha256()
    for name in names:
        try:
            digest.update((folder / name).read_bytes())
        except OSError as error:
            raise ModelDamagedError(f"{folder}: {name} cannot be read: {error}") from error
    return digest.hexdigest()


def read_manifest(folder: Path) -> ModelManifest:
    """Return the manifest in a folder; the weights are not looked at.

    Raises:
        ModelDamagedError: It cannot be read, or is wrong.
    """
    path = folder / MANIFEST_FILE
    try:
        if path.stat().st_size > MAX_MANIFEST_BYTES:
            raise ModelDamagedError(f"{path} is larger than {MAX_MANIFEST_BYTES} bytes")
        return parse_manifest(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ModelDamagedError(f"{path} cannot be read: {error}") from error


def write_manifest(manifest: ModelManifest, folder: Path) -> None:
    """Write the manifest into the model's folder, in the form that `parse_manifest` takes."""
    write_whole(folder / MANIFEST_FILE, format_manifest(manifest))


def write_whole(path: Path, text: str) -> None:
    """Write a file so that a reader sees all of it or the earlier one, also after a crash."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _read_promoted(registry: Registry) -> RegisteredModel:
    return read_as_promoted(read_promotion(registry), registry)


def read_as_promoted(promotion: Promotion, registry: Registry) -> RegisteredModel:
    """Return the model of a promotion.

    Raises:
        ModelNotFoundError: It is gone.
        ModelDamagedError: It is not what it was then.
    """
    folder = find_model(promotion.model, registry)
    if folder is None:
        raise ModelNotFoundError(
            f"{promotion.model} was promoted and is gone; promote another model"
        )
    model = read_model_folder(folder)
    if model.manifest.weights_sha256 != promotion.weights_sha256:
        raise ModelDamagedError(
            f"{folder} is not the model that was promoted: its weights' SHA-256 was "
            f"{promotion.weights_sha256}"
        )
    return model


def read_history_of(place: Path) -> tuple[Promotion, ...]:
    """Return the promotions of one place, the oldest first.

    Raises:
        ModelDamagedError: They cannot be read.
    """
    path = place / PROMOTED_FILE
    try:
        return parse_history(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return ()
    except (OSError, UnicodeDecodeError) as error:
        raise ModelDamagedError(f"{path} cannot be read: {error}") from error
    except ModelDamagedError as error:
        raise ModelDamagedError(f"{path}: {error}") from error


def _name_in(folder: Path) -> str | None:
    """Return the name of a model without its version; None where its manifest is wrong."""
    try:
        return read_manifest(folder).name
    except ModelDamagedError:
        return None
