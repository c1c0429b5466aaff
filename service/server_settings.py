"""What a deployment is set to: values of SKYPATROL_… variables, checked, with their defaults.

Nothing is read from the surroundings here: `service.settings.read_server_settings` does that.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from difflib import get_close_matches
from math import isfinite
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import URL

from service.access.addresses import AllowedPlaces, parse_allowed
from service.access.oidc import OidcSettings
from service.access.rate_limit import Rate
from service.access.secrets import Secret
from service.blobs.s3_blobs import S3Options
from service.errors import CannotStartError
from service.store.blobs import BlobKind
from service.translations import Language

PREFIX = "SKYPATROL_"
# What may lie in a file named by a variable with _FILE behind this name.
SECRETS = ("DATABASE", "S3_ACCESS_KEY", "S3_SECRET_KEY")
STANDARD_DATA = Path("skypatrol-data")
# Read by other rooms: by all commands, and by the client.
OTHERS = ("MODELS", "WORKERS", "SERVER", "KEY", "KEY_FILE", "UPLOADS", "ANSWERS_S")
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
LOG_FORMATS = ("auto", "json", "text")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much callers may do.

    Attributes:
        max_file_bytes: Of a video or an archive.
        max_photo_bytes: Of a photo.
        quota_bytes_a_day: That a caller may bring in a day (UTC).
        rate: Of a caller's requests.
        reserve_bytes: Room on the disk of `incoming/` that uploads leave free.
    """

    max_file_bytes: int = 2 << 30
    max_photo_bytes: int = 200_000_000
    quota_bytes_a_day: int = 500_000_000_000
    rate: Rate = field(default_factory=lambda: Rate(per_second=50.0, burst=200.0))
    reserve_bytes: int = 1 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """What `serve` and its workers run with.

    Attributes:
        data: Folder of all that is kept on this machine.
        database: Address of the store; None: a SQLite file in `data`.
        blobs: Folder or `s3://bucket/prefix`; None: a folder in `data`.
        worker_processes: That `serve` starts beside the API; 0: others do the work.
        model: Name in the registry or folder; None for the registry's default.
        timezone: Of cameras that state none.
        ground, cameras: Files as `inspect` takes them.
        privacy: Whether faces and plates are blurred in what leaves.
        cors_origins: Web pages of these may call the API from a browser; empty: none.
        proxies: Addresses of reverse proxies whose `X-Forwarded-For` counts.
        oidc: Whose tokens open the API, beside its keys; None: nobody's.
        outgoing: What lies inside and may be called all the same.
        keep_days: By kind of bytes; a kind that is not there is kept for ever.
    """

    data: Path = STANDARD_DATA
    database: Secret | None = None
    blobs: str | None = None
    s3: S3Options = field(default_factory=S3Options)
    host: str = "127.0.0.1"
    port: int = 8010
    worker_processes: int = 1
    model: str | None = None
    language: str = "en"
    timezone: tzinfo | None = None
    ground: Path | None = None
    cameras: Path | None = None
    privacy: bool = True
    cors_origins: tuple[str, ...] = ()
    proxies: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)
    oidc: OidcSettings | None = None
    outgoing: AllowedPlaces = field(default_factory=AllowedPlaces)
    keep_days: Mapping[BlobKind, int] = field(default_factory=dict)
    log_level: str = "INFO"
    log_format: str = "auto"

    @property
    def is_embedded(self) -> bool:
        """Whether the store is the SQLite file in `data`."""
        return self.database is None

    @property
    def database_url(self) -> str | URL:
        """Address of the store; it may hold a password."""
        if self.database is not None:
            return self.database.reveal()
        return URL.create("sqlite", database=str(self.data / "store.sqlite"))

    @property
    def blobs_url(self) -> str:
        """Where bytes are kept."""
        return str(self.data / "blobs") if self.blobs is None else self.blobs

    @property
    def incoming(self) -> Path:
        """Folder of files on their way in."""
        return self.data / "incoming"

    @property
    def cache(self) -> Path:
        """Folder of copies of what is kept far away."""
        return self.data / "cache"


def parse_server_settings(environment: Mapping[str, str]) -> ServerSettings:
    """Return the settings that variables name; one that is empty counts as not set.

    Raises:
        CannotStartError: A value is wrong, or a name is none of ours; the message names it.
    """
    values = _Values(environment)
    settings = ServerSettings(
        data=values.path("DATA") or STANDARD_DATA,
        database=values.secret("DATABASE"),
        blobs=values.text("BLOBS"),
        s3=_parse_s3(values),
        host=values.text("HOST") or "127.0.0.1",
        port=values.number("PORT", 8010, most=65535),
        worker_processes=values.number("WORKER_PROCESSES", 1, most=256),
        model=values.text("MODEL"),
        language=values.choice("LANG", tuple(one.value for one in Language), "en"),
        timezone=_parse_zone(values),
        ground=values.path("GROUND"),
        cameras=values.path("CAMERAS"),
        privacy=values.choice("PRIVACY", ("on", "off"), "on") == "on",
        cors_origins=_parse_origins(values),
        proxies=values.words("PROXIES"),
        limits=_parse_limits(values),
        oidc=_parse_oidc(values),
        outgoing=_parse_outgoing(values),
        keep_days=_parse_keep_days(values),
        log_level=values.choice("LOG_LEVEL", LOG_LEVELS, "INFO"),
        log_format=values.choice("LOG_FORMAT", LOG_FORMATS, "auto"),
    )
    values.refuse_unknown()
    return settings


class _Values:
    """Values of variables by their names without prefix."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._asked = {*OTHERS, *(f"{secret}_FILE" for secret in SECRETS)}

    def refuse_unknown(self) -> None:
        """Raise where a variable has a name that nobody asks for: a slip would go unnoticed."""
        named = (name[len(PREFIX) :] for name in self._environment if name.startswith(PREFIX))
        for name in sorted(set(named) - self._asked):
            close = get_close_matches(name, self._asked, n=1)
            advice = f"; do you mean {PREFIX}{close[0]}?" if close else ""
            raise _wrong(name, f"there is no such setting{advice}")

    def text(self, name: str) -> str | None:
        self._asked.add(name)
        return self._environment.get(f"{PREFIX}{name}", "").strip() or None

    def path(self, name: str) -> Path | None:
        text = self.text(name)
        return None if text is None else Path(text)

    def secret(self, name: str) -> Secret | None:
        text = self.text(name)
        return None if text is None else Secret(text)

    def words(self, name: str) -> tuple[str, ...]:
        words = (word.strip() for word in (self.text(name) or "").split(","))
        return tuple(word for word in words if word)

    def number(self, name: str, standard: int, *, least: int = 0, most: int = 2**62) -> int:
        text = self.text(name)
        if text is None:
            return standard
        number = int(text) if text.isascii() and text.isdecimal() and len(text) < 20 else -1
        if not least <= number <= most:
            limits = f"from {least} to {most}" if most < 2**62 else f"of at least {least}"
            raise _wrong(name, f"{text!r} is no whole number {limits}")
        return number

    def choice(self, name: str, choices: tuple[str, ...], standard: str) -> str:
        text = self.text(name)
        if text is None:
            return standard
        by_name = {choice.lower(): choice for choice in choices}
        if text.lower() not in by_name:
            raise _wrong(name, f"{text!r} is none of {', '.join(choices)}")
        return by_name[text.lower()]


def _wrong(name: str, what: str) -> CannotStartError:
    return CannotStartError(f"{PREFIX}{name}: {what}")


def _parse_s3(values: _Values) -> S3Options:
    return S3Options(
        endpoint=values.text("S3_ENDPOINT"),
        region=values.text("S3_REGION"),
        access_key_id=values.text("S3_ACCESS_KEY"),
        secret_access_key=values.text("S3_SECRET_KEY"),
    )


def _parse_zone(values: _Values) -> tzinfo | None:
    text = values.text("TIMEZONE")
    try:
        return None if text is None else ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise _wrong("TIMEZONE", f"{text!r} is no zone such as Asia/Shanghai") from error


def _parse_origins(values: _Values) -> tuple[str, ...]:
    origins = values.words("CORS_ORIGINS")
    for origin in origins:
        # `*` would let every page that somebody opens use what the browser can reach.
        scheme, _, host = origin.partition("://")
        if scheme not in ("http", "https") or not host or any(c in host for c in "/*?# @"):
            raise _wrong(
                "CORS_ORIGINS", f"{origin!r} is no origin such as https://map.city.example"
            )
    return origins


def _parse_limits(values: _Values) -> Limits:
    standard = Limits()
    return Limits(
        max_file_bytes=values.number("MAX_FILE_BYTES", standard.max_file_bytes, least=1),
        max_photo_bytes=values.number("MAX_PHOTO_BYTES", standard.max_photo_bytes, least=1),
        quota_bytes_a_day=values.number("QUOTA_BYTES_A_DAY", standard.quota_bytes_a_day, least=1),
        rate=_parse_rate(values.text("RATE")) or standard.rate,
        reserve_bytes=values.number("RESERVE_BYTES", standard.reserve_bytes),
    )


def _parse_rate(text: str | None) -> Rate | None:
    """Return the rate of `50` or `50:200`: requests a second, and at once."""
    if text is None:
        return None
    per_second, _, burst = text.partition(":")
    try:
        rate = float(per_second)
        at_once = float(burst) if burst else max(1.0, 4 * rate)
        if not (isfinite(rate) and isfinite(at_once)):
            raise ValueError("a rate has an end")
        return Rate(per_second=rate, burst=at_once)
    except ValueError as error:
        raise _wrong("RATE", f"{text!r} is no rate such as 50 or 50:200") from error


def _parse_oidc(values: _Values) -> OidcSettings | None:
    issuer, audience = values.text("OIDC_ISSUER"), values.text("OIDC_AUDIENCE")
    units, roles = values.text("OIDC_UNITS_CLAIM"), values.text("OIDC_ROLES_CLAIM")
    algorithms = values.words("OIDC_ALGORITHMS")
    if issuer is None and audience is None:
        return None
    if issuer is None or audience is None:
        raise _wrong("OIDC_ISSUER", "issuer and SKYPATROL_OIDC_AUDIENCE are given together")
    standard = OidcSettings(issuer=issuer, audience=audience)
    try:
        return OidcSettings(
            issuer=issuer,
            audience=audience,
            algorithms=algorithms or standard.algorithms,
            roles_claim=tuple(roles.split(".")) if roles else standard.roles_claim,
            units_claim=tuple(units.split(".")) if units else None,
        )
    except ValueError as error:
        raise _wrong("OIDC_ALGORITHMS", str(error)) from error


def _parse_outgoing(values: _Values) -> AllowedPlaces:
    try:
        return parse_allowed(values.words("OUTGOING_ALLOWED"))
    except ValueError as error:
        raise _wrong("OUTGOING_ALLOWED", str(error)) from error


def _parse_keep_days(values: _Values) -> Mapping[BlobKind, int]:
    names = {kind: f"KEEP_{kind.name}_DAYS" for kind in BlobKind}
    return {
        kind: values.number(name, 0, most=100_000)
        for kind, name in names.items()
        if values.text(name) is not None
    }
