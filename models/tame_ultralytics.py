"""Import this before ultralytics: it then installs nothing, asks nobody and leaves Pillow alone."""

import os

# ultralytics reads these on import.
os.environ.setdefault("YOLO_AUTOINSTALL", "false")
os.environ.setdefault("YOLO_OFFLINE", "true")
os.environ.setdefault("ULTRALYTICS_SAFE_LOAD", "true")

from PIL import Image
from ultralytics.utils import patches

# It puts its own in place, which wants to install a package wherever a file is no picture.
Image.open = patches._image_open
