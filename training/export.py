"""Turn a trained network into a model of the registry: its deployable and trainable forms."""

import dataclasses
import warnings
from pathlib import Path
from typing import Any

import models.tame_ultralytics  # noqa: F401  # isort: skip  # before ultralytics

import openvino
import torch
import yaml  # type: ignore[import-untyped]  # its types are a package of their own
from safetensors.torch import save
from ultralytics.nn.tasks import DetectionModel

from models.manifest import ModelManifest
from models.registry import (
    RegisteredModel,
    read_files_sha256,
    read_model_folder,
    read_weights_sha256,
    write_manifest,
)
from models.safe_files import DEPLOYABLE_FILES, TRAINABLE_FILES
from models.ultralytics_detector import read_trainable_network
from training.errors import TrainingError
from training.whole_file import write_whole


def export_model(run: Path, folder: Path, *, manifest: ModelManifest) -> RegisteredModel:
    """Write what a training left as a model folder; return the model, checked.

    Args:
        run: Folder with the trainable form, such as that of a run.
        folder: Of the model, made where absent; a model card is not written.
        manifest: What is known of the model; its `weights_sha256` is filled in here.

    Raises:
        ModelDamagedError: The trainable form is absent or does not fit together.
        TrainingError: Its classes are not the manifest's.
    """
    return export_network(read_trainable_network(run), folder, manifest=manifest)


def export_network(
    network: DetectionModel, folder: Path, *, manifest: ModelManifest
) -> RegisteredModel:
    """Write a network as a model folder; see `export_model`. The network is unchanged."""
    classes = tuple(network.names[index] for index in sorted(network.names))
    if classes != manifest.classes:
        raise TrainingError(f"the network's classes are {classes}, not {manifest.classes}")
    folder.mkdir(parents=True, exist_ok=True)
    write_trainable_form(network, folder)
    # From the half precision just written, so that both forms are one network.
    write_deployable_form(
        read_trainable_network(folder), folder, input_size_px=manifest.input_size_px
    )
    hashed = dataclasses.replace(
        manifest,
        weights_sha256=read_weights_sha256(folder),
        trainable_sha256=read_files_sha256(folder, TRAINABLE_FILES),
    )
    write_manifest(hashed, folder)
    return read_model_folder(folder)


def write_trainable_form(network: DetectionModel, folder: Path) -> None:
    """Write the weights in half precision, and the description that they fit into."""
    weights_path, description_path = (folder / name for name in TRAINABLE_FILES)
    tensors = {
        name: (value.half() if value.is_floating_point() else value).cpu().contiguous()
        for name, value in network.state_dict().items()
    }
    write_whole(weights_path, save(tensors))
    description: dict[str, Any] = {  # Any: as ultralytics describes a network
        key: value
        for key, value in network.yaml.items()
        if key in ("nc", "scale", "scales", "backbone", "head", "activation", "ch")
    }
    description["names"] = [network.names[index] for index in sorted(network.names)]
    text = yaml.safe_dump(description, sort_keys=False, default_flow_style=None)
    write_whole(description_path, text.encode())


def write_deployable_form(network: torch.nn.Module, folder: Path, *, input_size_px: int) -> None:
    """Write the network for OpenVINO, for any number of crops at once. It is changed in place."""
    network = network.eval().fuse(verbose=False)
    head = network.model[-1]
    head.export, head.format, head.dynamic = True, "openvino", False
    example = torch.zeros(1, 3, input_size_px, input_size_px)
    with torch.no_grad(), warnings.catch_warnings():
        # Tracing is what OpenVINO's converter uses; torch says that it will be replaced.
        warnings.simplefilter("ignore")
        network(example)  # makes the grid of anchors for this size
        converted = openvino.convert_model(
            network, example_input=example, input=[-1, 3, input_size_px, input_size_px]
        )
    openvino.save_model(converted, folder / DEPLOYABLE_FILES[0], compress_to_fp16=True)
