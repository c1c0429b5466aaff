from pathlib import Path

import pytest

from service.errors import CannotStartError
from service.settings import Settings, read_settings


def test_an_empty_environment_gives_the_defaults() -> None:
    assert read_settings({"SKYPATROL_MODEL": ""}) == Settings()


def test_the_environment_is_taken() -> None:
    environment = {
        "SKYPATROL_MODEL": "first-real", "SKYPATROL_WORKERS": "3", "SKYPATROL_LANG": "zh",
        "SKYPATROL_MODELS": "/srv/models",
    }  # fmt: skip
    assert read_settings(environment) == Settings(
        model="first-real", workers=3, language="zh", models=Path("/srv/models")
    )


def test_a_wrong_number_names_the_variable() -> None:
    with pytest.raises(CannotStartError, match="SKYPATROL_WORKERS"):
        read_settings({"SKYPATROL_WORKERS": "many"})
