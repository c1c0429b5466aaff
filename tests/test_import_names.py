"""Our packages have generic names: nothing installed may shadow them."""

import importlib.util
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize("name", ["datasets", "models", "inference", "training", "service"])
def test_our_package_is_the_only_one_of_its_name(name: str) -> None:
    spec = importlib.util.find_spec(name)
    assert spec is not None
    assert spec.origin == str(REPOSITORY / name / "__init__.py")
    assert set(packages_distributions().get(name, [])) <= {"skypatrol"}
