"""From an Authorization header to a caller: an API key of ours, or a token of the issuer."""

from collections.abc import Callable
from datetime import datetime

from service.access.errors import NotAuthenticatedError
from service.access.keys import looks_like_key, verify_key
from service.access.roles import Caller
from service.store.keys import ApiKey

_LONGEST_HEADER = 20_000

# Returns who carries a token: `OidcVerifier.verify`.
VerifyToken = Callable[[str, datetime], Caller]


def authenticate(
    authorization: str | None,
    *,
    find_key: Callable[[str], ApiKey | None],
    verify_token: VerifyToken | None,
    now: datetime,
) -> Caller:
    """Return who is calling.

    Args:
        authorization: The header as it came, `Bearer ...`; None where there was none.
        find_key: Returns the API key with an id, also a dead one.
        verify_token: None where no issuer is set up.
        now: Decides what has expired.

    Raises:
        NotAuthenticatedError: No credential, or a wrong one.
        IssuerUnavailableError: A token cannot be checked now.
    """
    credential = read_bearer(authorization)
    if looks_like_key(credential):
        return verify_key(credential, find_key=find_key, now=now)
    if verify_token is None:
        raise NotAuthenticatedError("a token, and no issuer is set up")
    return verify_token(credential, now)


def read_bearer(authorization: str | None) -> str:
    """Return the credential of a header (RFC 6750, 2.1).

    Raises:
        NotAuthenticatedError: There is none, or it is of another scheme.
    """
    if authorization is None:
        raise NotAuthenticatedError("no credential")
    scheme, _, credential = authorization.strip().partition(" ")
    credential = credential.strip()
    if scheme.lower() != "bearer" or len(authorization) > _LONGEST_HEADER:
        raise NotAuthenticatedError("the Authorization header is not Bearer, or is too long")
    if not credential or not credential.isascii() or any(c.isspace() for c in credential):
        raise NotAuthenticatedError("the Authorization header holds no single credential")
    return credential
