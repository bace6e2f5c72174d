"""Google contacts: the People API (`people/me/connections`) by pages, after OAuth 2 with PKCE.

Sources: developers.google.com/people/api/rest/v1/people.connections/list (paging, sync tokens that end after seven
days, every parameter the same for each page); developers.google.com/identity/protocols/oauth2/web-server. Nothing is
tried again here but one request whose access token had ended; when to try again is the caller's to plan.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
from attrs import field, frozen

from nudge_core.errors import Conflict, Misconfigured, Refused, Unavailable
from nudge_core.model.secret import Secret
from nudge_core.model.written import ContactField, Written
from nudge_core.ports.contacts import ContactPage

SERVICE = "contacts:google"
SCOPE = "https://www.googleapis.com/auth/contacts.readonly"
ACCOUNTS = "https://accounts.google.com"
TOKENS = "https://oauth2.googleapis.com"
PEOPLE = "https://people.googleapis.com"
FIELDS = "addresses,biographies,birthdays,emailAddresses,metadata,names,nicknames,organizations,phoneNumbers"
PAGE_SIZE = 500  # at most 1,000; half of it answers within a second
TIMEOUT_S, CONNECT_S = 30.0, 10.0
MAX_BODY_BYTES = 32 * 2**20
MAX_RETRY_AFTER_S = 3_600.0  # as of feeds (`mls-feeds.md` 3.4): no word keeps us still for longer
_HEAVY = frozenset({408, 429, 500, 502, 503, 504})

F = ContactField


@frozen(kw_only=True)
class GoogleSettings:
    """The operator's OAuth client. `redirect_url`: where Google sends the browser back to, as registered with it."""

    client_id: str = field(repr=False)
    client_secret: Secret
    redirect_url: str
    accounts_url: str = ACCOUNTS
    tokens_url: str = TOKENS
    people_url: str = PEOPLE


def build_google(settings: GoogleSettings, *, transport: httpx.AsyncBaseTransport | None = None) -> GoogleContacts:
    """Return Google as a keeper of address books.

    Args:
        settings: of the operator's client.
        transport: the wire, when it is not the network.

    Raises:
        Misconfigured: an address is not HTTPS, and not of this machine.
    """
    problems = [
        f"{name}: must be https, a secret travels there"
        for name, address in (
            ("GOOGLE_TOKENS_URL", settings.tokens_url),
            ("GOOGLE_PEOPLE_URL", settings.people_url),
            ("GOOGLE_REDIRECT_URL", settings.redirect_url),
        )
        if urlsplit(address).scheme != "https" and urlsplit(address).hostname not in ("localhost", "127.0.0.1", "::1")
    ]
    if problems:
        raise Misconfigured(problems)
    client = httpx.AsyncClient(
        timeout=httpx.Timeout(TIMEOUT_S, connect=CONNECT_S),
        follow_redirects=False,  # the token would travel with it
        headers={"Accept": "application/json", "User-Agent": "nudge"},
        transport=transport,
    )
    return GoogleContacts(settings, client, lambda: datetime.now(UTC))


class GoogleContacts:
    """Google as a keeper of address books."""

    name = "google"

    def __init__(self, settings: GoogleSettings, client: httpx.AsyncClient, now: Callable[[], datetime]) -> None:
        self._settings, self._client, self._now = settings, client, now

    def consent_url(self, state: str, challenge: str) -> str:
        """Return the address at which the owner is asked."""
        query = {
            "client_id": self._settings.client_id,
            "redirect_uri": self._settings.redirect_url,
            "response_type": "code",
            "scope": SCOPE,
            "state": state,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            "access_type": "offline",
            "prompt": "consent",  # without it a second time gives no refresh token
            "include_granted_scopes": "false",
        }
        return f"{self._settings.accounts_url}/o/oauth2/v2/auth?{urlencode(query)}"

    async def redeem(self, code: str, verifier: Secret) -> Secret:
        """Return the refresh token for the code that came back. Raises Refused, Unavailable."""
        answer = await self.token(
            {
                "grant_type": "authorization_code",
                "code": code,
                "code_verifier": verifier.reveal(),
                "redirect_uri": self._settings.redirect_url,
            }
        )
        if SCOPE not in str(answer.get("scope", "")).split():
            raise Refused(SERVICE, "scope", "the permission to read contacts was left out")
        token = answer.get("refresh_token")
        if not isinstance(token, str) or not token:
            raise Refused(SERVICE, "no_refresh_token", "the answer holds no lasting permission")
        return Secret(token)

    def book(self, refresh_token: Secret) -> GoogleBook:
        """Return the address book of whoever gave this token."""
        return GoogleBook(self, refresh_token)

    async def revoke(self, refresh_token: Secret) -> None:
        """Give the permission back. One that is gone already is fine. Raises Unavailable."""
        answer = await self.send("POST", f"{self._settings.tokens_url}/revoke", {"token": refresh_token.reveal()}, None)
        if answer.status_code in _HEAVY:
            raise self._unavailable(answer)

    async def aclose(self) -> None:
        """Give back the connections."""
        await self._client.aclose()

    async def token(self, form: Mapping[str, str]) -> Mapping[str, Any]:
        """Return the answer of the token endpoint. Raises Refused, Unavailable."""
        own = {"client_id": self._settings.client_id, "client_secret": self._settings.client_secret.reveal()}
        answer = await self.send("POST", f"{self._settings.tokens_url}/token", {**form, **own}, None)
        if answer.status_code in _HEAVY:
            raise self._unavailable(answer)
        body = _object(answer)
        if answer.status_code != httpx.codes.OK:
            code = body.get("error")
            known = code in ("invalid_grant", "invalid_client", "access_denied", "unauthorized_client")
            raise Refused(SERVICE, str(code) if known else "token", f"the token endpoint answered {answer.status_code}")
        return body

    async def people(self, query: Mapping[str, str], access: Secret) -> httpx.Response:
        """Return the answer to a request for contacts, whatever its status. Raises Unavailable."""
        address = f"{self._settings.people_url}/v1/people/me/connections?{urlencode(query)}"
        return await self.send("GET", address, None, access)

    async def send(
        self, method: str, address: str, form: Mapping[str, str] | None, access: Secret | None
    ) -> httpx.Response:
        """Return a whole answer of bounded size. Raises Unavailable."""
        headers = {} if access is None else {"Authorization": f"Bearer {access.reveal()}"}
        try:
            async with self._client.stream(method, address, data=form, headers=headers) as response:
                body = bytearray()
                async for part in response.aiter_bytes():
                    body += part
                    if len(body) > MAX_BODY_BYTES:
                        raise Unavailable(SERVICE, f"an answer of more than {MAX_BODY_BYTES >> 20} MB")
        except httpx.HTTPError as error:
            raise Unavailable(SERVICE, f"no whole answer: {type(error).__name__}") from error
        return httpx.Response(response.status_code, headers=_plain_headers(response.headers), content=bytes(body))

    def failure(self, answer: httpx.Response) -> Exception:
        """Return the error of an answer that is none of contacts. Its text is never quoted."""
        if answer.status_code in _HEAVY:
            return self._unavailable(answer)
        if answer.status_code in (400, 410) and "EXPIRED_SYNC_TOKEN" in answer.text:
            return Conflict("sync token", "it is too old: all of it must be read again")
        reasons = {400: "bad_request", 401: "unauthorised", 403: "forbidden", 404: "not_found"}
        reason = reasons.get(answer.status_code, "answer")
        return Refused(SERVICE, reason, f"the People API answered {answer.status_code}")

    def _unavailable(self, answer: httpx.Response) -> Unavailable:
        why = "over the rate limit" if answer.status_code == httpx.codes.TOO_MANY_REQUESTS else "it is down"
        return Unavailable(SERVICE, f"{why} ({answer.status_code})", _retry_after_s(answer.headers, self._now()))


class GoogleBook:
    """One address book at Google. An access token is fetched when it is needed, and once more when it has ended."""

    def __init__(self, google: GoogleContacts, refresh_token: Secret) -> None:
        self._google, self._refresh_token = google, refresh_token
        self._access: Secret | None = None

    async def page(self, cursor: str | None, sync_token: str | None) -> ContactPage:
        """Return one page of contacts. Raises Conflict, Refused, Unavailable: see `ContactBook`."""
        query = {"personFields": FIELDS, "pageSize": str(PAGE_SIZE), "requestSyncToken": "true"}
        if sync_token is not None:
            query["syncToken"] = sync_token
        if cursor is not None:
            query["pageToken"] = cursor
        answer = await self._google.people(query, self._access or await self._fetched())
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            answer = await self._google.people(query, await self._fetched())
        if answer.status_code != httpx.codes.OK:
            raise self._google.failure(answer)
        body = _object(answer)
        people = [one for one in _list(body.get("connections")) if isinstance(one, dict)]
        there = [one for one in people if not _of(one.get("metadata")).get("deleted")]
        return ContactPage(
            contacts=tuple(written(one, at) for at, one in enumerate(there, 1)),
            cursor=_text(body.get("nextPageToken")) or None,
            sync_token=_text(body.get("nextSyncToken")) or None,
            gone=len(people) - len(there),
        )

    async def _fetched(self) -> Secret:
        answer = await self._google.token(
            {"grant_type": "refresh_token", "refresh_token": self._refresh_token.reveal()}
        )
        token = _text(answer.get("access_token"))
        if not token:
            raise Unavailable(SERVICE, "the token endpoint answered without a token")
        self._access = Secret(token)
        return self._access


def written(person: Mapping[str, Any], line: int) -> Written:
    """Return a person of the People API as a contact as it is written. Pure; what has another shape is left out."""
    values: dict[ContactField, tuple[str, ...]] = {}

    def keep(name: ContactField, several: Sequence[str]) -> None:
        if found := tuple(one for one in several if one.strip()):
            values[name] = (*values.get(name, ()), *found)

    name = _first(person.get("names"))
    keep(F.FULL_NAME, [_text(name.get("displayName"))])
    if F.FULL_NAME not in values:
        keep(F.GIVEN_NAME, [_text(name.get("givenName"))])
        keep(F.FAMILY_NAME, [_text(name.get("familyName"))])
    keep(F.EMAIL, [_text(one.get("value")) for one in _objects(person.get("emailAddresses"))])
    keep(
        F.PHONE,
        [_text(one.get("canonicalForm")) or _text(one.get("value")) for one in _objects(person.get("phoneNumbers"))],
    )
    keep(F.BIRTHDAY, [_birthday(_objects(person.get("birthdays")))])
    address = _first(person.get("addresses"))
    keep(F.STREET, [_text(address.get("streetAddress"))])
    keep(F.LOCALITY, [_text(address.get("city"))])
    keep(F.REGION, [_text(address.get("region"))])
    keep(F.POSTAL_CODE, [_text(address.get("postalCode"))])
    keep(F.ORGANISATION, [_text(_first(person.get("organizations")).get("name"))])
    keep(F.NOTES, [_text(one.get("value")) for one in _objects(person.get("biographies"))])
    return Written(line=line, values=values)


def _birthday(birthdays: Sequence[Mapping[str, Any]]) -> str:
    """Return the first birthday with a date; a profile and a contact may each say one, and one may lack the year."""
    days = [_of(one.get("date")) for one in birthdays]
    whole = [day for day in days if isinstance(day.get("month"), int) and isinstance(day.get("day"), int)]
    day = next((day for day in whole if day.get("year")), next(iter(whole), None))
    if day is None:
        return next((_text(one.get("text")) for one in birthdays), "")
    year = f"{day['year']:04}" if isinstance(day.get("year"), int) and day["year"] else "-"
    return f"{year}-{day['month']:02}-{day['day']:02}"


def _object(answer: httpx.Response) -> Mapping[str, Any]:
    try:
        decoded = json.loads(answer.content)
    except (ValueError, RecursionError) as error:
        raise Unavailable(SERVICE, "an answer that is no JSON") from error
    if not isinstance(decoded, dict):
        raise Unavailable(SERVICE, "an answer that is no object")
    return decoded


def _first(values: object) -> Mapping[str, Any]:
    """Return the primary one of several values, else the first."""
    several = _objects(values)
    primary = (one for one in several if _of(one.get("metadata")).get("primary"))
    return next(primary, several[0] if several else {})


def _objects(values: object) -> list[Mapping[str, Any]]:
    return [one for one in _list(values) if isinstance(one, dict)]


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _of(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _plain_headers(headers: httpx.Headers) -> dict[str, str]:
    """Return headers without those that tell of a compression that is undone already."""
    gone = ("content-encoding", "content-length", "transfer-encoding")
    return {name: value for name, value in headers.items() if name.lower() not in gone}


def _retry_after_s(headers: httpx.Headers, now: datetime) -> float | None:
    """Return how long we are asked to wait, in seconds; None when nothing is said."""
    asked = headers.get("retry-after")
    if asked is None:
        return None
    try:
        seconds = float(asked)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(asked) - now).total_seconds()
        except (TypeError, ValueError):  # no date; a date without a zone
            return None
    return min(max(seconds, 0.0), MAX_RETRY_AFTER_S) if seconds == seconds else None
