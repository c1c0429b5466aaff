"""A photo's pixels, from its own file or from the video that it is a frame of."""

from inference.reading.decode import read_pixels
from inference.video.read_frames import read_frame
from models.detector import Image
from service.inspecting.result import Photo


def read_photo_pixels(photo: Photo) -> Image:
    """Return the picture in the photo frame: (rows, columns, 3) BGR uint8.

    Results must not name a photo that they are not from, such as while a card is still copied.

    Raises:
        PhotoRejectedError: It cannot be decoded, or another file has taken its place.
        OSError: The video has gone.
    """
    if photo.frame is None:
        return read_pixels(photo.path, sha256=photo.sha256)
    return read_frame(photo.path, photo.frame)
