"""A network of squares: one tile of a picture in, boxes in that tile's pixels out."""

from threading import Lock
from typing import Protocol

import numpy as np
import openvino
from numpy.typing import NDArray
from openvino.preprocess import ColorFormat, PrePostProcessor

from models.detector import Detections, Image
from service.privacy.errors import PrivacyNetworkError
from service.privacy.network_files import NetworkFile, read_network_file

TILE_PX = 640  # both networks halve their picture five times: a multiple of 32


class TileFinder(Protocol):
    """Finds objects of one kind in square tiles."""

    @property
    def tile_px(self) -> int:
        """Side of the tiles."""

    def find(self, tile: Image, *, min_score: float) -> Detections:
        """Return the boxes in a tile's pixels, all of class 0; doubles may be among them.

        Args:
            tile: (tile_px, tile_px, 3) uint8 BGR; unchanged.
            min_score: Boxes below it are left out.
        """


class TileNetwork:
    """A network compiled for the CPU; threads may share it and take turns."""

    def __init__(
        self,
        content: bytes,
        *,
        means: tuple[float, float, float],
        colours: ColorFormat,
        threads: int | None = None,
        tile_px: int = TILE_PX,
    ) -> None:
        """Compile an ONNX file.

        Args:
            content: Of the file.
            means: Taken from the channels, in the order of `colours`.
            colours: What the network was trained on.
            threads: Of the network; all cores for None. Does not change results.
            tile_px: Side of the tiles, a multiple of 32.
        """
        core = openvino.Core()
        network = core.read_model(content)
        network.reshape([1, 3, tile_px, tile_px])
        steps = PrePostProcessor(network)
        picture = steps.input().tensor()
        picture.set_element_type(openvino.Type.u8).set_layout(openvino.Layout("NHWC"))
        picture.set_color_format(ColorFormat.BGR)
        steps.input().model().set_layout(openvino.Layout("NCHW"))
        change = steps.input().preprocess().convert_element_type(openvino.Type.f32)
        if colours != ColorFormat.BGR:
            change = change.convert_color(colours)
        change.mean(list(means))
        settings = {
            # Set, as elsewhere: the default depends on the processor, and so would the boxes.
            "INFERENCE_PRECISION_HINT": "f32",
            "NUM_STREAMS": 1,
            **({} if threads is None else {"INFERENCE_NUM_THREADS": threads}),
        }
        self.tile_px = tile_px
        self._request = core.compile_model(steps.build(), "CPU", settings).create_infer_request()
        self._turn = Lock()

    def run(self, tile: Image) -> list[NDArray[np.float32]]:
        """Return copies of the network's outputs for a (tile_px, tile_px, 3) uint8 BGR tile."""
        with self._turn:
            self._request.infer([np.ascontiguousarray(tile)[None]])
            outputs = self._request.model_outputs
            return [np.array(self._request.get_tensor(out).data[0]) for out in outputs]


def read_tile_network(
    file: NetworkFile,
    *,
    means: tuple[float, float, float],
    colours: ColorFormat,
    threads: int | None = None,
) -> TileNetwork:
    """Return the network in a package's file, loaded.

    Raises:
        PrivacyNetworkError: It is absent, another one, or OpenVINO cannot load it.
    """
    content = read_network_file(file)
    try:
        return TileNetwork(content, means=means, colours=colours, threads=threads)
    except RuntimeError as error:
        raise PrivacyNetworkError(f"{file.path} cannot be loaded: {error}") from error


def boxes_of_one_kind(boxes: NDArray[np.float32], scores: NDArray[np.float32]) -> Detections:
    """Return boxes (N, 4) with scores (N,) as detections of class 0."""
    return Detections(
        boxes=boxes.astype(np.float32, copy=False),
        scores=scores.astype(np.float32, copy=False),
        class_ids=np.zeros(len(scores), dtype=np.int32),
    )
