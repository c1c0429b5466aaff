"""Bearer tokens of an OpenID Connect issuer: checked, and turned into callers.

Signature, issuer and audience are checked by PyJWT with algorithms that the settings pin (RFC
8725). Times are checked here, against a time that comes in.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import jwt

from service.access.errors import NotAuthenticatedError
from service.access.issuer_keys import KNOWN_ALGORITHMS, FetchBody, IssuerKeys, KeyLimits
from service.access.roles import Caller, Role

_LONGEST_TOKEN = 16_384
_LONGEST_TEXT = 255
_LATEST_S = 2**40  # in 36,000 years; also keeps infinity and NaN out
_TOKEN_TYPES = frozenset({"jwt", "at+jwt", "application/at+jwt"})
_OPTIONS: Mapping[str, object] = {
    "require": ["exp", "iss", "aud", "sub"],
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
}


def _default_role_names() -> dict[str, Role]:
    return {f"skypatrol-{role.value}": role for role in Role}


@dataclass(frozen=True, slots=True, kw_only=True)
class OidcSettings:
    """Whose tokens count, and what their claims mean here.

    Attributes:
        issuer: Exactly as in the tokens' `iss`.
        audience: What must be in their `aud`: this service's name at the issuer.
        leeway_s: How much the issuer's clock and ours may differ.
        roles_claim: The way to the roles in a token: `("realm_access", "roles")` for Keycloak. A
            list, or words separated by blanks.
        role_names: The issuer's names of our roles. Not plain `admin`: who runs the issuer's other
            services need not run this one.
        units_claim: The way to responsible units, written as roles are. Where it is set, a token
            without it opens nothing; where it is None, tokens open the data of all units.
    """

    issuer: str
    audience: str
    algorithms: tuple[str, ...] = ("RS256", "ES256")
    leeway_s: float = 60.0
    roles_claim: tuple[str, ...] = ("roles",)
    role_names: Mapping[str, Role] = field(default_factory=_default_role_names)
    units_claim: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        """Raise ValueError where the settings would let the wrong ones in, or nobody."""
        wrong = set(self.algorithms) - KNOWN_ALGORITHMS
        if wrong or not self.algorithms:
            known = ", ".join(sorted(KNOWN_ALGORITHMS))
            raise ValueError(f"algorithms {sorted(wrong)} cannot be used (known: {known})")
        if not self.issuer or not self.audience:
            raise ValueError("tokens need an issuer and an audience")
        if not 0 <= self.leeway_s <= 300:
            raise ValueError("a leeway is between 0 and 300 seconds")


class OidcVerifier:
    """Checks tokens of one issuer; threads may share it."""

    def __init__(
        self, settings: OidcSettings, *, fetch_body: FetchBody, limits: KeyLimits | None = None
    ) -> None:
        """Prepare; the issuer is asked at the first token."""
        self._settings = settings
        self._keys = IssuerKeys(settings.issuer, fetch_body=fetch_body, limits=limits)

    def verify(self, token: str, now: datetime) -> Caller:
        """Return who carries this token.

        Raises:
            NotAuthenticatedError: The token is not valid, or not for us.
            IssuerUnavailableError: It cannot be checked now.
        """
        algorithm, key_id = _read_header(token, self._settings.algorithms)
        key = self._keys.find(key_id, algorithm, now=now)
        if key is None:
            raise NotAuthenticatedError("the token is signed by a key that the issuer has not")
        claims = self._check_signature(token, key, algorithm)
        _check_times(claims, now_s=now.timestamp(), leeway_s=self._settings.leeway_s)
        return _read_caller(claims, self._settings)

    def _check_signature(self, token: str, key: jwt.PyJWK, algorithm: str) -> dict[str, object]:
        """Return the claims of a token that the issuer signed for us."""
        try:
            return jwt.decode(
                token,
                key.key,
                algorithms=[algorithm],
                audience=self._settings.audience,
                issuer=self._settings.issuer,
                options=_OPTIONS,  # type: ignore[arg-type]  # a TypedDict there, ours is constant
            )
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as error:
            raise NotAuthenticatedError(f"the token is not valid: {error}") from error


def _read_header(token: str, algorithms: tuple[str, ...]) -> tuple[str, str | None]:
    """Return algorithm and key id of a token, whose signature nobody has checked yet."""
    if len(token) > _LONGEST_TOKEN:
        raise NotAuthenticatedError(f"the token is longer than {_LONGEST_TOKEN} characters")
    try:
        header = jwt.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as error:
        raise NotAuthenticatedError("not in the form of a token") from error
    algorithm, key_id = header.get("alg"), header.get("kid")
    if not isinstance(algorithm, str) or algorithm not in algorithms:
        raise NotAuthenticatedError("the token's algorithm is not one of those agreed")
    if key_id is not None and not (isinstance(key_id, str) and len(key_id) <= _LONGEST_TEXT):
        raise NotAuthenticatedError("the token's key id is no short text")
    if "crit" in header or header.get("b64", True) is not True:
        raise NotAuthenticatedError("the token has extensions that nobody here understands")
    # Only access tokens are for us; an issuer signs logout tokens and others with the same key.
    if str(header.get("typ") or "jwt").lower() not in _TOKEN_TYPES:
        raise NotAuthenticatedError("not an access token")
    return algorithm, key_id


def _check_times(claims: Mapping[str, object], *, now_s: float, leeway_s: float) -> None:
    """Raise NotAuthenticatedError where a token is too old or too young (RFC 7519, 4.1)."""
    expires_s = _seconds(claims, "exp")
    if expires_s is None or now_s >= expires_s + leeway_s:
        raise NotAuthenticatedError("the token has expired")
    for name in ("nbf", "iat"):
        begins_s = _seconds(claims, name)
        if begins_s is not None and begins_s > now_s + leeway_s:
            raise NotAuthenticatedError(f"the token is not valid yet ({name})")


def _seconds(claims: Mapping[str, object], name: str) -> float | None:
    """Return a time of a token, or None where it is absent."""
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise NotAuthenticatedError(f"the token's {name} is no time")
    # Compared rather than converted: whole numbers in JSON may be too large for a float.
    if not 0 <= value < _LATEST_S:
        raise NotAuthenticatedError(f"the token's {name} is no time")
    return value


def _read_caller(claims: Mapping[str, object], settings: OidcSettings) -> Caller:
    """Return who the claims speak of."""
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= _LONGEST_TEXT:
        raise NotAuthenticatedError("the token names nobody")
    if not subject.isprintable():
        raise NotAuthenticatedError("the token's subject holds control characters")
    names = _read_words(claims, settings.roles_claim)
    units = None
    if settings.units_claim is not None:
        units = frozenset(_read_words(claims, settings.units_claim))
    return Caller(
        id=f"oidc:{subject}",
        name=_read_name(claims) or subject,
        roles=frozenset(settings.role_names[name] for name in names if name in settings.role_names),
        units=units,
    )


def _read_name(claims: Mapping[str, object]) -> str | None:
    """Return what people call the bearer, made fit to be shown in a line."""
    name = claims.get("preferred_username")
    if not isinstance(name, str):
        return None
    return "".join(c for c in name if c.isprintable())[:_LONGEST_TEXT].strip() or None


def _read_words(claims: Mapping[str, object], path: tuple[str, ...]) -> list[str]:
    """Return the words at a place in the claims; anything unexpected there is no word."""
    value: object = claims
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    if isinstance(value, str):
        return value.split()
    return [word for word in value if isinstance(word, str)] if isinstance(value, list) else []
