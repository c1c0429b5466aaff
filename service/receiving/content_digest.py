"""The Content-Digest field of HTTP (RFC 9530): what the bytes of a body should hash to."""

import base64
import binascii
import re
from collections.abc import Mapping

from service.receiving.errors import BadDigestError

MAX_FIELD_CHARACTERS = 2000
# Names in hashlib and lengths by RFC 9530's names; its others are unsafe and count as unknown.
ALGORITHMS: Mapping[str, tuple[str, int]] = {"sha-256": ("sha256", 32), "sha-512": ("sha512", 64)}

# A dictionary of byte sequences (RFC 8941, sections 3.2 and 3.3.5): `sha-256=:bytes:`, maybe with
# parameters, which mean nothing here.
_MEMBER = re.compile(r"([a-z*][a-z0-9_.*-]*)=:([A-Za-z0-9+/]*={0,2}):(;[^,\"]*)?")


def parse_content_digest(field: str) -> Mapping[str, bytes]:
    """Return the digests that we can check, by hashlib's name of the algorithm.

    Args:
        field: Value of the field; several lines joined by commas. Algorithms that we don't know
            are passed over, as the RFC asks.

    Raises:
        BadDigestError: It is not written as the RFC says.
    """
    if len(field) > MAX_FIELD_CHARACTERS:
        raise BadDigestError(f"Content-Digest is longer than {MAX_FIELD_CHARACTERS} characters")
    digests = {}
    for member in field.split(","):
        match = _MEMBER.fullmatch(member.strip(" \t"))
        if match is None:
            raise BadDigestError("Content-Digest is not of the form sha-256=:base64:")
        digest = _decode(match[2])
        if match[1] in ALGORITHMS:
            name, length = ALGORITHMS[match[1]]
            if len(digest) != length:
                raise BadDigestError(f"Content-Digest: {match[1]} takes {length} bytes")
            digests[name] = digest
    return digests


def format_content_digest(sha256: str) -> str:
    """Return the field for a body with this SHA-256 in hexadecimal digits."""
    return f"sha-256=:{base64.b64encode(bytes.fromhex(sha256)).decode()}:"


def _decode(text: str) -> bytes:
    bare = text.rstrip("=")
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)
    except binascii.Error as error:
        raise BadDigestError("Content-Digest holds no base64") from error
