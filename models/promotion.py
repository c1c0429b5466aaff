"""Change a bureau's registry: take models in, put one into force, go back to the one before."""

import fcntl
import shutil
import tempfile
from pathlib import Path

from models.errors import ModelDamagedError, ModelError, ModelNotFoundError
from models.history import Promotion, PromotionKind, Signature, format_history, standing_promotions
from models.registry import (
    PROMOTED_FILE,
    RegisteredModel,
    Registry,
    check_trainable_form,
    find_model,
    read_as_promoted,
    read_history,
    read_history_of,
    read_model_folder,
    write_whole,
)
from models.safe_files import TRAINABLE_FILES

LOCK_FILE = ".promoted.lock"


def add_model(folder: Path, registry: Registry) -> RegisteredModel:
    """Copy a checked model into the bureau's registry, all of it or nothing; return it there.

    Raises:
        ModelDamagedError: See `read_model`; likewise for its trainable form, where it has one.
        ModelError: A model of this name and version is there, or there is nowhere to write.
    """
    model = read_model_folder(folder)
    if model.manifest.trainable_sha256 is not None:
        check_trainable_form(model)
    elif present := [name for name in TRAINABLE_FILES if (folder / name).exists()]:
        raise ModelDamagedError(f"{folder}: {present[0]} has no SHA-256 in the manifest")
    own = own_folder(registry)
    name = model.manifest.id
    if any((place / name).exists() for place in registry.folders):
        raise ModelError(f"{name} is registered; give the new model another version")
    own.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=own, prefix=".adding-") as part:
        copy = Path(part) / name
        shutil.copytree(folder, copy, ignore=shutil.ignore_patterns(".*"))
        read_model_folder(copy)  # what was copied, not what lay there a moment before
        copy.rename(own / name)
    return RegisteredModel(manifest=model.manifest, folder=own / name)


def promote(
    model: RegisteredModel,
    registry: Registry,
    *,
    signed: Signature,
    reason: str,
    gate_report: str | None = None,
    forced: bool = False,
) -> Promotion:
    """Put a registered model into force, and return what the history now says of it.

    Raises:
        ModelError: It is not registered, it is in force already, or there is nowhere to write.
    """
    check_can_be_promoted(model, registry)
    manifest = model.manifest
    promotion = Promotion(
        model=manifest.id,
        weights_sha256=manifest.weights_sha256,
        kind=PromotionKind.PROMOTE,
        at=signed.at,
        by=signed.by,
        gate_report=gate_report,
        forced=forced,
        reason=reason,
    )
    _append(promotion, registry)
    return promotion


def check_can_be_promoted(model: RegisteredModel, registry: Registry) -> None:
    """Return if a model may be put into force, whatever a gate says of it.

    Raises:
        ModelError: It is not registered, it is in force already, or there is nowhere to write.
    """
    own_folder(registry)
    manifest = model.manifest
    if find_model(manifest.id, registry) != model.folder:
        raise ModelError(
            f"{manifest.id} in {model.folder} is not registered; add it first: "
            "skypatrol models add FOLDER"
        )
    history = read_history(registry)
    in_force = (history[-1].model, history[-1].weights_sha256) if history else None
    if in_force == (manifest.id, manifest.weights_sha256):
        raise ModelError(f"{manifest.id} is in force already")


def rollback(registry: Registry, *, signed: Signature, reason: str) -> Promotion:
    """Put the model before the present one into force again; return what the history now says.

    Raises:
        ModelNotFoundError: There is none before it.
        ModelDamagedError: That model is not what it was when it was promoted.
    """
    standing = standing_promotions(read_history(registry))
    if len(standing) < 2:
        raise ModelNotFoundError("there is no model before the one in force")
    before = standing[-2]
    read_as_promoted(before, registry)
    promotion = Promotion(
        model=before.model,
        weights_sha256=before.weights_sha256,
        kind=PromotionKind.ROLLBACK,
        at=signed.at,
        by=signed.by,
        gate_report=before.gate_report,
        forced=False,
        reason=reason,
    )
    _append(promotion, registry)
    return promotion


def _append(promotion: Promotion, registry: Registry) -> None:
    own = own_folder(registry)
    own.mkdir(parents=True, exist_ok=True)
    with (own / LOCK_FILE).open("w") as lock:
        # Of two at once, the second waits and adds to what the first wrote.
        fcntl.flock(lock, fcntl.LOCK_EX)
        write_whole(own / PROMOTED_FILE, format_history((*read_history_of(own), promotion)))


def own_folder(registry: Registry) -> Path:
    """Return the bureau's folder of models.

    Raises:
        ModelError: There is none.
    """
    if registry.own is None:
        raise ModelError("the models of the package are not written to; name a registry of yours")
    return registry.own
