"""The page for people is opened by browsers, which know how to ask for a password only (RFC 7617).

It is the one path where that counts: elsewhere a browser would send the password along with what
another site makes it ask for.
"""

import base64
import binascii

BROWSER_PATHS = frozenset({"/v1/docs"})
BROWSER_CHALLENGE = 'Basic realm="skypatrol: the key is the password", charset="UTF-8"'


def as_bearer(authorization: str) -> str:
    """Return a header of a browser as one that holds the password as a key; others as they are."""
    scheme, _, credential = authorization.strip().partition(" ")
    if scheme.lower() != "basic" or len(authorization) > 2000:
        return authorization
    try:
        text = base64.b64decode(credential.strip(), validate=True).decode("ascii")
    except (binascii.Error, UnicodeError):
        return authorization
    return f"Bearer {text.partition(':')[2]}"
