"""ultralytics changes nothing outside itself."""

from importlib.util import find_spec

import pytest
from PIL import Image

# Not importorskip: that would import it untamed, for all tests of this run.
pytestmark = [
    pytest.mark.train,
    pytest.mark.skipif(find_spec("ultralytics") is None, reason="no ultralytics"),
]


def test_pillow_says_what_is_no_picture_as_before() -> None:
    import io

    import models.ultralytics_detector  # noqa: F401

    with pytest.raises(Image.UnidentifiedImageError):
        Image.open(io.BytesIO(b"no picture"))
