"""A decoder that leaves the terminal alone."""

import cv2

from service.settings import silence_video_decoder


def quieten_video_decoder() -> None:
    """Keep the decoder's own lines about each damaged picture off the terminal.

    The receipt says what cannot be decoded.
    """
    silence_video_decoder()
    cv2.setLogLevel(0)  # what OpenCV says of the same pictures beside that
