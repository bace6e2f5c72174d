"""The only reader of the environment. Everything wrong is reported at once, at the start; the result never changes."""

from __future__ import annotations

import base64
import binascii
import os
import re
from collections.abc import Callable, Mapping
from functools import partial
from ipaddress import ip_network
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from attrs import field, frozen

from nudge_core.errors import Invalid, Misconfigured
from nudge_core.model.fields import is_zone
from nudge_core.model.secret import Secret

T = TypeVar("T")

SECRET_KEY_BYTES = 32  # AES-256
LEAST_SIGNING_BYTES = 32  # HS256: as long as its hash (RFC 7518, 3.2)
_KEY_ID = re.compile(r"[A-Za-z0-9_.-]{1,40}")
TWILIO_API = "https://api.twilio.com"
TWILIO_VERIFY = "https://verify.twilio.com"
GOOGLE_TOKENS = "https://oauth2.googleapis.com"
GOOGLE_PEOPLE = "https://people.googleapis.com"
HTTP_PORT = 8000
MOST_PORTS = 65_535
OPENAI_MODEL = "gpt-5.4-mini"  # no announced end; gpt-5-mini ends on 2026-12-11 by the SDK's own list
OPENAI_EMBEDDING_MODEL = "text-embedding-3-small"
OPENAI_EMBEDDING_DIM = 512  # of 1,536: the model is made to be cut (performance.md 3.5)


@frozen(kw_only=True)
class MlsSettings:
    """One shared MLS account of the operator: a name of a feed builder, its profile, address and credentials."""

    profile: str = "reso"
    base_url: str | None = None
    token: Secret | None = None
    client_id: str | None = field(default=None, repr=False)
    client_secret: Secret | None = None
    token_url: str | None = None
    originating_system: str | None = None


@frozen(kw_only=True)
class TwilioSettings:
    """The operator's account. `api_key` None: the account's own token signs requests, as it always signs webhooks.

    `messaging_service_sid` None: texts go out from the professional's own number alone.
    """

    account_sid: str | None = field(default=None, repr=False)
    auth_token: Secret | None = None
    api_key: str | None = field(default=None, repr=False)
    api_secret: Secret | None = None
    api_base_url: str = TWILIO_API
    verify_base_url: str = TWILIO_VERIFY
    messaging_service_sid: str | None = field(default=None, repr=False)
    verify_service_sid: str | None = field(default=None, repr=False)


@frozen(kw_only=True)
class GoogleClient:
    """The operator's OAuth client at Google. `redirect_url`: the page that hands `code` and `state` to the API."""

    client_id: str | None = field(default=None, repr=False)
    client_secret: Secret | None = None
    redirect_url: str | None = None
    tokens_url: str = GOOGLE_TOKENS
    people_url: str = GOOGLE_PEOPLE


@frozen(kw_only=True)
class Settings:
    """How this installation is put together.

    `database_url` None means the embedded PostgreSQL under `home`. `database_owner_url`: the same database with a login
    that may change the schema; None: that of `database_url` may. `drafter`, `embedder`, `carrier` are names from
    `nudge_adapters.catalog`. `public_base_url`: scheme and host under which carriers reach our webhooks. `redis_url`
    None: no Redis, or the embedded one where a command starts it. `secret_keys`: key id to 32 bytes; the first one
    encrypts, all of them decrypt. `cors_origins`: scripts of these origins may call the API from a browser.
    `trusted_proxies`: whose word about a caller's address is taken. `token_keys`: key id to 32 bytes or more; the first
    one signs access tokens, all of them verify; empty: `nudge_entrypoints.token_keys` keeps one on this machine.
    """

    home: Path
    database_url: str | None = field(default=None, repr=False)
    database_owner_url: str | None = field(default=None, repr=False)
    drafter: str = "offline"
    embedder: str = "local"
    carrier: str = "simulator"
    openai_api_key: Secret | None = None
    openai_base_url: str | None = None
    openai_model: str = OPENAI_MODEL
    openai_embedding_model: str = OPENAI_EMBEDDING_MODEL
    openai_embedding_dim: int = OPENAI_EMBEDDING_DIM
    mls: MlsSettings = MlsSettings()
    secret_keys: Mapping[str, bytes] = field(factory=dict, repr=False)
    token_keys: Mapping[str, bytes] = field(factory=dict, repr=False)
    twilio: TwilioSettings = TwilioSettings()
    google: GoogleClient = GoogleClient()
    public_base_url: str | None = None
    redis_url: str | None = field(default=None, repr=False)
    http_port: int = HTTP_PORT
    cors_origins: tuple[str, ...] = ()
    trusted_proxies: tuple[str, ...] = ()
    timezone: str = "America/Chicago"


KNOWN = {
    "NUDGE_HOME": "folder for the embedded servers and the demo (default: var/ of a checkout)",
    "DATABASE_URL": "PostgreSQL to use instead of the embedded one",
    "DATABASE_OWNER_URL": "the same database with a login that may change the schema, when DATABASE_URL's may not",
    "NUDGE_DRAFTER": "offline (default) or openai",
    "NUDGE_EMBEDDER": "local (default), openai, or none",
    "NUDGE_CARRIER": "simulator (default), console, or twilio",
    "OPENAI_API_KEY": "key of the OpenAI drafter and embedder",
    "OPENAI_BASE_URL": "address of a server that speaks the same protocol",
    "OPENAI_MODEL": "model of the OpenAI drafter",
    "OPENAI_EMBEDDING_MODEL": f"model of the OpenAI embedder (default {OPENAI_EMBEDDING_MODEL})",
    "OPENAI_EMBEDDING_DIM": f"values of its vectors (default {OPENAI_EMBEDDING_DIM}); another number embeds all anew",
    "MLS_PROFILE": "vendor of the shared MLS account: mlsgrid, bridge, trestle, spark_reso, wfrmls, spark",
    "MLS_BASE_URL": "address of the MLS, when it is not the vendor's own",
    "MLS_TOKEN": "bearer token of the shared MLS account",
    "MLS_CLIENT_ID": "client id, for vendors that use client credentials",
    "MLS_CLIENT_SECRET": "client secret, for the same",
    "MLS_TOKEN_URL": "address that gives tokens, when it is not the vendor's own",
    "MLS_ORIGINATING_SYSTEM": "OriginatingSystemName, which MLS Grid demands",
    "TWILIO_ACCOUNT_SID": "the Twilio account (AC...)",
    "TWILIO_AUTH_TOKEN": "its auth token: signs webhooks, and requests where there is no API key",
    "TWILIO_API_KEY": "API key (SK...) to send with instead of the auth token",
    "TWILIO_API_SECRET": "secret of that API key",
    "TWILIO_API_BASE_URL": "address of the Messages API, when it is not Twilio's own",
    "TWILIO_VERIFY_BASE_URL": "address of the Verify API, when it is not Twilio's own",
    "TWILIO_MESSAGING_SERVICE_SID": "Messaging Service (MG...) that owns the sending numbers",
    "TWILIO_VERIFY_SERVICE_SID": "Verify service (VA...) for one-time codes",
    "GOOGLE_CLIENT_ID": "OAuth client at Google, for contacts",
    "GOOGLE_CLIENT_SECRET": "its secret",
    "GOOGLE_REDIRECT_URL": "page that Google sends the browser back to, as registered with the client",
    "GOOGLE_TOKENS_URL": "address that gives tokens, when it is not Google's own",
    "GOOGLE_PEOPLE_URL": "address of the People API, when it is not Google's own",
    "PUBLIC_BASE_URL": "scheme and host under which carriers reach our webhooks, such as https://nudge.example",
    "NUDGE_REDIS_URL": "Redis for wake-ups instead of the embedded one: redis://... or unix:///...",
    "NUDGE_HTTP_PORT": "port of the HTTP server on loopback (default: 8000)",
    "NUDGE_CORS_ORIGINS": "origins whose scripts may call the API, comma separated, such as https://app.example",
    "NUDGE_TRUSTED_PROXIES": "addresses or networks of proxies whose X-Forwarded-For is believed, comma separated",
    "NUDGE_SECRET_KEYS": "id:base64 of 32 bytes, comma separated; the first encrypts",
    "NUDGE_TOKEN_KEYS": "id:base64 of 32 bytes or more, comma separated; the first signs access tokens, all verify",
    "NUDGE_TIMEZONE": "time zone of a new professional",
}
"""Every variable that is read, and what it does. Printed by `nudge doctor --settings` and in the documentation."""


_FOR_TESTS = frozenset({"NUDGE_SHARED_DATA"})


def load(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings from an environment, by default the process's own.

    Raises:
        Misconfigured: with a line for every problem there is.
    """
    values = {k: v for k, v in (os.environ if environment is None else environment).items() if v != ""}
    unknown = [name for name in values if name.startswith("NUDGE_") and name not in KNOWN and name not in _FOR_TESTS]
    problems = [f"{name}: there is no such setting" for name in unknown]
    if "DATABASE_OWNER_URL" in values and "DATABASE_URL" not in values:
        problems.append("DATABASE_OWNER_URL: only beside DATABASE_URL, the same database for the application")

    def read(name: str, parse: Callable[[str], T], default: T) -> T:
        if name not in values:
            return default
        try:
            return parse(values[name])
        except Invalid as error:
            problems.append(f"{name}: {error.rule}")
            return default

    secret: Callable[[str], Secret | None] = Secret
    text: Callable[[str], str | None] = str
    settings = Settings(
        home=read("NUDGE_HOME", Path, default_home()),
        database_url=read("DATABASE_URL", _postgres_url, None),
        database_owner_url=read("DATABASE_OWNER_URL", _postgres_url, None),
        drafter=read("NUDGE_DRAFTER", str, "offline"),
        embedder=read("NUDGE_EMBEDDER", str, "local"),
        carrier=read("NUDGE_CARRIER", str, "simulator"),
        openai_api_key=read("OPENAI_API_KEY", secret, None),
        openai_base_url=read("OPENAI_BASE_URL", text, None),
        openai_model=read("OPENAI_MODEL", str, OPENAI_MODEL),
        openai_embedding_model=read("OPENAI_EMBEDDING_MODEL", str, OPENAI_EMBEDDING_MODEL),
        openai_embedding_dim=read("OPENAI_EMBEDDING_DIM", _dimension, OPENAI_EMBEDDING_DIM),
        mls=MlsSettings(
            profile=read("MLS_PROFILE", str, "reso"),
            base_url=read("MLS_BASE_URL", text, None),
            token=read("MLS_TOKEN", secret, None),
            client_id=read("MLS_CLIENT_ID", text, None),
            client_secret=read("MLS_CLIENT_SECRET", secret, None),
            token_url=read("MLS_TOKEN_URL", text, None),
            originating_system=read("MLS_ORIGINATING_SYSTEM", text, None),
        ),
        twilio=TwilioSettings(
            account_sid=read("TWILIO_ACCOUNT_SID", text, None),
            auth_token=read("TWILIO_AUTH_TOKEN", secret, None),
            api_key=read("TWILIO_API_KEY", text, None),
            api_secret=read("TWILIO_API_SECRET", secret, None),
            api_base_url=read("TWILIO_API_BASE_URL", partial(_web_address, "TWILIO_API_BASE_URL"), TWILIO_API),
            verify_base_url=read(
                "TWILIO_VERIFY_BASE_URL", partial(_web_address, "TWILIO_VERIFY_BASE_URL"), TWILIO_VERIFY
            ),
            messaging_service_sid=read("TWILIO_MESSAGING_SERVICE_SID", text, None),
            verify_service_sid=read("TWILIO_VERIFY_SERVICE_SID", text, None),
        ),
        google=GoogleClient(
            client_id=read("GOOGLE_CLIENT_ID", text, None),
            client_secret=read("GOOGLE_CLIENT_SECRET", secret, None),
            redirect_url=read("GOOGLE_REDIRECT_URL", partial(_web_address, "GOOGLE_REDIRECT_URL"), None),
            tokens_url=read("GOOGLE_TOKENS_URL", partial(_web_address, "GOOGLE_TOKENS_URL"), GOOGLE_TOKENS),
            people_url=read("GOOGLE_PEOPLE_URL", partial(_web_address, "GOOGLE_PEOPLE_URL"), GOOGLE_PEOPLE),
        ),
        public_base_url=read("PUBLIC_BASE_URL", _public_address, None),
        redis_url=read("NUDGE_REDIS_URL", _redis_url, None),
        http_port=read("NUDGE_HTTP_PORT", _port, HTTP_PORT),
        secret_keys=read("NUDGE_SECRET_KEYS", _secret_keys, {}),
        cors_origins=read("NUDGE_CORS_ORIGINS", _origins, ()),
        trusted_proxies=read("NUDGE_TRUSTED_PROXIES", _networks, ()),
        token_keys=read("NUDGE_TOKEN_KEYS", signing_keys, {}),
        timezone=read("NUDGE_TIMEZONE", _zone, "America/Chicago"),
    )
    for name, chosen in (("NUDGE_DRAFTER", settings.drafter), ("NUDGE_EMBEDDER", settings.embedder)):
        if chosen == "openai" and settings.openai_api_key is None:
            problems.append(f"OPENAI_API_KEY: needed because {name} is openai")
    if settings.carrier == "twilio":
        needed = {
            "TWILIO_ACCOUNT_SID": settings.twilio.account_sid,
            "TWILIO_AUTH_TOKEN": settings.twilio.auth_token,
            "PUBLIC_BASE_URL": settings.public_base_url,
        }
        problems += [f"{name}: needed because NUDGE_CARRIER is twilio" for name, given in needed.items() if not given]
    if (settings.twilio.api_key is None) != (settings.twilio.api_secret is None):
        problems.append("TWILIO_API_KEY, TWILIO_API_SECRET: both or neither")
    if problems:
        raise Misconfigured(problems)
    return settings


def default_home() -> Path:
    """Return `var/` of the checkout this runs from, else the user's data folder."""
    checkout = Path(__file__).resolve().parents[2]
    if (checkout / "pyproject.toml").is_file() and (checkout / "src").is_dir():
        return checkout / "var"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "nudge"


def _postgres_url(text: str) -> str | None:
    if not text.startswith(("postgresql://", "postgres://")):
        raise Invalid("DATABASE_URL", "a URL that begins with postgresql://", text)
    return text.replace("postgres://", "postgresql://", 1)


def _dimension(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 4_096):
        raise Invalid("OPENAI_EMBEDDING_DIM", "a whole number from 1 to 4,096", text)
    return int(text)


def _web_address(name: str, text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise Invalid(name, "scheme and host, such as https://nudge.example", text)
    return text.rstrip("/")


def _public_address(text: str) -> str:
    address = _web_address("PUBLIC_BASE_URL", text)
    if "@" in address or "_" in (urlsplit(address).hostname or ""):  # Twilio refuses both (messaging.md 2, 4.2)
        raise Invalid("PUBLIC_BASE_URL", "a host without user, password or underscore", text)
    return address


def _redis_url(text: str) -> str | None:
    if not text.startswith(("redis://", "rediss://", "unix://")):
        raise Invalid("NUDGE_REDIS_URL", "a URL that begins with redis://, rediss:// or unix://", text)
    return text


def _port(text: str) -> int:
    if not text.isdigit() or not 0 <= int(text) <= MOST_PORTS:
        raise Invalid("NUDGE_HTTP_PORT", "a number from 0 (any free port) to 65535", text)
    return int(text)


def _origins(text: str) -> tuple[str, ...]:
    origins = tuple(_web_address("NUDGE_CORS_ORIGINS", one.strip()) for one in text.split(","))
    if any(urlsplit(one).path for one in origins):
        raise Invalid("NUDGE_CORS_ORIGINS", "scheme and host, such as https://app.example", text)
    return origins


def _networks(text: str) -> tuple[str, ...]:
    try:
        return tuple(str(ip_network(one.strip())) for one in text.split(","))
    except ValueError as error:
        raise Invalid("NUDGE_TRUSTED_PROXIES", "addresses or networks such as 10.0.0.0/8", text) from error


def _zone(text: str) -> str:
    if not is_zone(text):
        raise Invalid("NUDGE_TIMEZONE", "an IANA time zone such as America/Denver", text)
    return text


def _secret_keys(text: str) -> Mapping[str, bytes]:
    keys = _keys(text)
    if keys is None or any(len(key) != SECRET_KEY_BYTES for key in keys.values()):
        raise Invalid("NUDGE_SECRET_KEYS", "id:base64 of exactly 32 bytes, comma separated", text)
    return keys


def signing_keys(text: str) -> Mapping[str, bytes]:
    """Return key id to key. Raises Invalid when one has no proper id, comes twice, or is too short to sign with."""
    keys = _keys(text)
    named = keys is not None and all(_KEY_ID.fullmatch(name) for name in keys)
    if keys is None or not named or any(len(key) < LEAST_SIGNING_BYTES for key in keys.values()):
        raise Invalid("NUDGE_TOKEN_KEYS", "id:base64 of 32 bytes or more, comma separated", text)
    return keys


def _keys(text: str) -> dict[str, bytes] | None:
    """Return name to bytes, in order; None when a pair has no name or no base64, or a name comes twice."""
    keys: dict[str, bytes] = {}
    for pair in text.split(","):
        name, _, encoded = pair.strip().partition(":")
        try:
            key = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            return None
        if not name or name in keys:
            return None
        keys[name] = key
    return keys
