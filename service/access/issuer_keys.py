"""The public keys of an issuer of tokens: fetched, kept for a while, renewed with restraint.

Who floods the service with tokens of made-up key ids must not make it flood the issuer.
"""

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from service.access.errors import AccessError, IssuerUnavailableError

# Returns the body of a URL; `functools.partial(fetch_body, rules=...)` does so with its guard.
FetchBody = Callable[[str], bytes]

_MAX_KEYS = 64
_LEAST_RSA_BITS = 2048
# What a key must be for an algorithm: its type, and its curve where it has one.
_KEY_KINDS: Mapping[str, tuple[str, str | None]] = {
    **{f"{family}{bits}": ("RSA", None) for family in ("RS", "PS") for bits in (256, 384, 512)},
    "ES256": ("EC", "P-256"),
    "ES384": ("EC", "P-384"),
    "ES512": ("EC", "P-521"),
    "EdDSA": ("OKP", "Ed25519"),
}
# Public keys only: with a shared secret, who can check a token can make one.
KNOWN_ALGORITHMS = frozenset(_KEY_KINDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyLimits:
    """How long keys are kept.

    Attributes:
        renew_after_s: Keys of this age are fetched anew.
        keep_for_s: While the issuer cannot be reached, older keys go on counting for so long.
        wait_s: Between two attempts, whatever the reason.
    """

    renew_after_s: float = 3600.0
    keep_for_s: float = 24 * 3600.0
    wait_s: float = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fetched:
    keys: tuple[Mapping[str, object], ...]
    at_s: float


class IssuerKeys:
    """Finds the key that a token names; threads may share it."""

    def __init__(
        self, issuer: str, *, fetch_body: FetchBody, limits: KeyLimits | None = None
    ) -> None:
        """Know nothing yet: the issuer may start later than the service."""
        self._issuer = issuer
        self._fetch_body = fetch_body
        self._limits = limits or KeyLimits()
        self._fetched: _Fetched | None = None
        self._tried_at_s: float | None = None
        self._renewing = threading.Lock()

    def find(self, key_id: str | None, algorithm: str, *, now: datetime) -> jwt.PyJWK | None:
        """Return the key for a token, or None where the issuer has none such.

        Args:
            key_id: None where the token names none: then there must be no choice.
            algorithm: One of KNOWN_ALGORITHMS.
            now: Decides about the age of keys.

        Raises:
            IssuerUnavailableError: There are no keys to look in.
        """
        now_s = now.timestamp()
        if self._age_s(now_s) >= self._limits.renew_after_s:
            self._renew(now_s)
        found = self._pick(key_id, algorithm, now_s=now_s)
        if found is None and self._renew(now_s):
            # The issuer may have begun to sign with a new key.
            found = self._pick(key_id, algorithm, now_s=now_s)
        return found

    def _age_s(self, now_s: float) -> float:
        """Return how old the keys are; without any, too old. A clock set back makes them old."""
        return float("inf") if self._fetched is None else abs(now_s - self._fetched.at_s)

    def _pick(self, key_id: str | None, algorithm: str, *, now_s: float) -> jwt.PyJWK | None:
        fetched = self._fetched
        if fetched is None or self._age_s(now_s) > self._limits.keep_for_s:
            raise IssuerUnavailableError(f"the keys of {self._issuer} cannot be fetched")
        usable = [
            key
            for key in fetched.keys
            if _suits(key, algorithm) and (key_id is None or key.get("kid") == key_id)
        ]
        return _parse_key(usable[0], algorithm) if len(usable) == 1 else None

    def _renew(self, now_s: float) -> bool:
        """Fetch the keys anew unless that was tried a moment ago; return whether they are new."""
        seen = self._fetched
        # Whoever has keys does not wait while another thread fetches newer ones.
        if not self._renewing.acquire(blocking=seen is None):
            return False
        try:
            if self._fetched is not seen:
                return True
            tried_at_s = self._tried_at_s
            if tried_at_s is not None and abs(now_s - tried_at_s) < self._limits.wait_s:
                return False
            self._tried_at_s = now_s
            self._fetched = _Fetched(keys=self._fetch_keys(), at_s=now_s)
        except (AccessError, ValueError):
            # The old ones go on counting until they are too old; `_pick` says so.
            return False
        else:
            return True
        finally:
            self._renewing.release()

    def _fetch_keys(self) -> tuple[Mapping[str, object], ...]:
        """Return what the issuer publishes (OpenID Connect Discovery 1.0, RFC 7517).

        Raises:
            AccessError: It cannot be fetched.
            ValueError: It is not what it should be.
        """
        place = f"{self._issuer.rstrip('/')}/.well-known/openid-configuration"
        found = _parse_object(self._fetch_body(place))
        if found.get("issuer") != self._issuer:
            raise ValueError("the issuer's document is of another issuer")
        keys_url = found.get("jwks_uri")
        if not isinstance(keys_url, str):
            raise ValueError("the issuer's document does not say where its keys are")
        keys = _parse_object(self._fetch_body(keys_url)).get("keys")
        if not isinstance(keys, list) or len(keys) > _MAX_KEYS:
            raise ValueError("not a set of keys, or too large a one")
        return tuple(key for key in keys if isinstance(key, dict))


def _parse_object(body: bytes) -> dict[str, object]:
    """Return a JSON object."""
    try:
        found = json.loads(body)
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    if not isinstance(found, dict):
        raise ValueError("not a JSON object")
    return found


def _suits(key: Mapping[str, object], algorithm: str) -> bool:
    """Return whether a key is there to check signatures of this algorithm."""
    key_type, curve = _KEY_KINDS[algorithm]
    operations = key.get("key_ops")
    return (
        key.get("kty") == key_type
        and (curve is None or key.get("crv") == curve)
        and key.get("use", "sig") == "sig"
        and key.get("alg", algorithm) == algorithm
        and (operations is None or (isinstance(operations, list) and "verify" in operations))
    )


def _parse_key(key: Mapping[str, object], algorithm: str) -> jwt.PyJWK | None:
    """Return the key for PyJWT, or None where it is damaged or weak."""
    public = {name: value for name, value in key.items() if name not in ("d", "p", "q")}
    try:
        parsed = jwt.PyJWK.from_dict(public, algorithm)
    except (jwt.PyJWTError, ValueError, TypeError, KeyError):
        return None
    if isinstance(parsed.key, RSAPublicKey) and parsed.key.key_size < _LEAST_RSA_BITS:
        return None
    return parsed
