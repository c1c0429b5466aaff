"""A real issuer of tokens on this machine: discovery, keys, and tokens signed by them."""

import base64
import hashlib
import hmac
import json
from http.server import BaseHTTPRequestHandler

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from tests.service.access.local_server import LocalServer, reply

AUDIENCE = "skypatrol"
PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def make_rsa_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def public_jwk(key: PrivateKey, **fields: object) -> dict[str, object]:
    """Return the public half of a key as an issuer publishes it."""
    algorithm = (
        jwt.algorithms.RSAAlgorithm
        if isinstance(key, rsa.RSAPrivateKey)
        else jwt.algorithms.ECAlgorithm
    )
    return {**algorithm.to_jwk(key.public_key(), as_dict=True), **fields}  # type: ignore[arg-type]


def public_pem(key: PrivateKey) -> bytes:
    return key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def encode_part(value: object) -> str:
    """Return a part of a token as JSON in base64."""
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def sign_with_secret(header: dict[str, object], claims: dict[str, object], secret: bytes) -> str:
    """Return a token signed by HMAC, by hand: no library helps with this forgery."""
    signed = f"{encode_part(header)}.{encode_part(claims)}"
    signature = hmac.new(secret, signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


class Issuer:
    """What the server publishes; tests change it as they go."""

    def __init__(self) -> None:
        self.server = LocalServer(self.answer)
        self.keys: list[dict[str, object]] = []
        self.changes: dict[str, object] = {}
        self.bodies: dict[str, bytes] = {}
        self.is_down = False

    @property
    def url(self) -> str:
        return self.server.url

    def asked(self, path: str) -> int:
        """Return how often a path was asked for."""
        return sum(seen.path == path for seen in self.server.seen)

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        if self.is_down:
            reply(handler, b"down", status=503)
        elif handler.path in self.bodies:
            reply(handler, self.bodies[handler.path])
        elif handler.path == "/.well-known/openid-configuration":
            found = {"issuer": self.url, "jwks_uri": f"{self.url}/keys", **self.changes}
            reply(handler, json.dumps(found).encode(), Content_Type="application/json")
        elif handler.path == "/keys":
            reply(
                handler, json.dumps({"keys": self.keys}).encode(), Content_Type="application/json"
            )
        else:
            reply(handler, b"nothing here", status=404)
