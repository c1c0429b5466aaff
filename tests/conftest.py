"""Fixtures that all tests share."""

from pathlib import Path

import pytest
from hypothesis import settings

# Hypothesis' own limit of 200 ms a case would judge the machine, not the code.
settings.register_profile("without deadline", deadline=None)
settings.load_profile("without deadline")

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared_folder() -> Path:
    """Return the folder of real photos and pictures beside the checkout, or skip."""
    folder = REPOSITORY.parent / "shared"
    if not folder.is_dir():
        pytest.skip("the real photos in ../shared are not here")
    return folder
