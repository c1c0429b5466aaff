"""The detector that runs by default: an OpenVINO network on the CPU."""

from collections import deque
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from threading import Lock

import numpy as np
import openvino
from openvino.preprocess import ColorFormat, PrePostProcessor

from models.calibration import with_calibrated_scores
from models.detector import Detections, Detector, Image
from models.errors import ModelDamagedError
from models.registry import RegisteredModel
from models.yolo_output import parse_yolo_output

# Two requests: while the network works on one, the next is filled and the last is read.
REQUESTS = 2
# More crops at once were slower on all processors tried, and a last batch is never padded.
BATCH_SIZE = 1


class Precision(StrEnum):
    """The numbers that the network calculates with; it is always set and recorded.

    OpenVINO's own default depends on the processor, so that the same photo would give other
    scores on another machine.
    """

    F32 = "f32"
    BF16 = "bf16"  # about three times as fast where the processor has it, scores move by 0.02


class OpenVinoDetector:
    """A network loaded for crops of one size; each crop's result is independent of the others.

    Threads may share it and take turns: the network itself uses all cores.
    """

    def __init__(
        self,
        network: openvino.Model,
        *,
        classes: tuple[str, ...],
        input_size_px: int,
        batch_size: int = BATCH_SIZE,
        precision: Precision = Precision.F32,
        threads: int | None = None,
    ) -> None:
        """Compile the network.

        Args:
            network: Takes (batch, 3, input_size_px, input_size_px) RGB from 0 to 1; gives
                (batch, 4 + classes, anchors), see `models.yolo_output`. Unchanged.
            classes: In the order of the network's scores.
            input_size_px: Side of the crops.
            batch_size: Crops in one call of the network.
            precision: See there.
            threads: Of the network; all cores for None. Does not change results.
        """
        self._classes = classes
        self._input_size_px = input_size_px
        self._batch_size = batch_size
        self.precision = precision
        prepared = _with_preprocessing(network, batch_size=batch_size, side_px=input_size_px)
        settings = {
            "INFERENCE_PRECISION_HINT": precision.value,
            # One stream: all threads work on one crop, so that a single photo is fast too.
            "NUM_STREAMS": 1,
            **({} if threads is None else {"INFERENCE_NUM_THREADS": threads}),
        }
        compiled = openvino.Core().compile_model(prepared, "CPU", settings)
        self._turn = Lock()
        self._requests = [compiled.create_infer_request() for _ in range(REQUESTS)]

    @property
    def classes(self) -> tuple[str, ...]:
        """Names that class ids point into."""
        return self._classes

    @property
    def input_size_px(self) -> int:
        """Side of the square crops that `detect` takes."""
        return self._input_size_px

    @property
    def batch_size(self) -> int:
        """Crops that one call of the network takes; more are cut into batches, fewer padded."""
        return self._batch_size

    def detect(self, crops: Sequence[Image], *, min_score: float) -> list[Detections]:
        """Return one Detections a crop, in that crop's pixels and in the crops' order.

        Args:
            crops: Each (input_size_px, input_size_px, 3) uint8 BGR; asked for one by one while
                the network works on those before, so that a lazy sequence saves memory.
            min_score: Boxes below it are left out.
        """
        with self._turn:
            return self._detect(crops, min_score=min_score)

    def _detect(self, crops: Sequence[Image], *, min_score: float) -> list[Detections]:
        found: list[Detections] = []
        running: deque[tuple[openvino.InferRequest, int]] = deque()
        idle = deque(self._requests)
        try:
            for first in range(0, len(crops), self._batch_size):
                if not idle:
                    request, count = running.popleft()
                    found += _read_result(request, count, min_score=min_score)
                    idle.append(request)
                batch = range(first, min(first + self._batch_size, len(crops)))
                request = idle.popleft()
                self._fill(request, [crops[index] for index in batch])
                request.start_async()
                running.append((request, len(batch)))
        finally:
            for request, _ in running:
                request.wait()
        for request, count in running:
            found += _read_result(request, count, min_score=min_score)
        return found

    def _fill(self, request: openvino.InferRequest, crops: Sequence[Image]) -> None:
        """Copy the crops into the network's own memory, black for those that lack."""
        pixels = request.get_input_tensor().data
        for place, crop in enumerate(crops):
            pixels[place] = crop
        pixels[len(crops) :] = 0


def read_openvino_detector(
    model: RegisteredModel,
    *,
    batch_size: int = BATCH_SIZE,
    precision: Precision = Precision.F32,
    threads: int | None = None,
) -> Detector:
    """Return a registered model, loaded; its scores are calibrated where its manifest says how.

    Raises:
        ModelDamagedError: OpenVINO cannot read it, or it does not fit its manifest.
    """
    path = model.network_path
    network = read_network(path, class_count=len(model.manifest.classes))
    try:
        detector = OpenVinoDetector(
            network,
            classes=model.manifest.classes,
            input_size_px=model.manifest.input_size_px,
            batch_size=batch_size,
            precision=precision,
            threads=threads,
        )
    except RuntimeError as error:
        side_px = model.manifest.input_size_px
        raise ModelDamagedError(
            f"{path} cannot be loaded for crops of {side_px} x {side_px} px: {error}"
        ) from error
    return with_calibrated_scores(detector, model.manifest.calibration)


def read_network(path: Path, *, class_count: int) -> openvino.Model:
    """Return the network in a file, as it is.

    Raises:
        ModelDamagedError: OpenVINO cannot read it, or it gives another number of classes.
    """
    try:
        network = openvino.Core().read_model(path)
    except RuntimeError as error:
        raise ModelDamagedError(f"{path}: {error}") from error
    rows = network.output(0).partial_shape[1]
    if rows != openvino.Dimension(4 + class_count):
        raise ModelDamagedError(f"{path} gives {rows} rows, {class_count} classes need 4 more")
    return network


def _with_preprocessing(
    network: openvino.Model, *, batch_size: int, side_px: int
) -> openvino.Model:
    """Return a copy that takes uint8 BGR pictures, so that NumPy has nothing to convert."""
    copy = network.clone()
    copy.reshape([batch_size, 3, side_px, side_px])
    steps = PrePostProcessor(copy)
    picture = steps.input().tensor()
    picture.set_element_type(openvino.Type.u8).set_layout(openvino.Layout("NHWC"))
    picture.set_color_format(ColorFormat.BGR)
    steps.input().model().set_layout(openvino.Layout("NCHW"))
    steps.input().preprocess().convert_element_type(openvino.Type.f32).convert_color(
        ColorFormat.RGB
    ).scale(255.0)
    return steps.build()


def _read_result(
    request: openvino.InferRequest, count: int, *, min_score: float
) -> list[Detections]:
    request.wait()
    output = request.get_output_tensor().data.astype(np.float32, copy=False)
    return [parse_yolo_output(output[place], min_score=min_score) for place in range(count)]
