"""ultralytics changes nothing outside itself."""

import pytest
from PIL import Image

pytest.importorskip("ultralytics")

pytestmark = pytest.mark.train


def test_pillow_says_what_is_no_picture_as_before() -> None:
    import io

    import models.ultralytics_detector  # noqa: F401

    with pytest.raises(Image.UnidentifiedImageError):
        Image.open(io.BytesIO(b"no picture"))
