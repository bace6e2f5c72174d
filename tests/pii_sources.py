"""What the scan of `pii_scan.py` does: webhooks, sends, database errors, and things that are printed."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any
from uuid import UUID, uuid5

import httpx
import psycopg
from attrs import evolve, frozen
from litestar import Litestar

from nudge_adapters.sms.build import TwilioAccount, build_twilio_gateway
from nudge_adapters.sms.callbacks import FALLBACK_PATH, INBOUND_PATH
from nudge_adapters.sms.carrier import CarrierSettings
from nudge_adapters.sms.codes import TEST_RECIPIENTS, TEST_SENDERS
from nudge_adapters.sms.faults import Fault, FaultPlan
from nudge_adapters.sms.journal import MemoryJournal
from nudge_adapters.sms.server import ServerSettings, carrier_server
from nudge_adapters.sms.signature import HEADER
from nudge_adapters.sql.store import SqlStore, open_engine
from nudge_adapters.system import RandomIds, SystemClock
from nudge_core.errors import NudgeError
from nudge_core.model.approval import Approval, ApprovedText
from nudge_core.model.carrier import OutgoingText
from nudge_core.model.client import Client
from nudge_core.model.consent import Consent, ConsentKind
from nudge_core.model.message import MessageClass, MessageSource, SenderType
from nudge_core.model.outbox import OutboxNote, Topic
from nudge_core.model.secret import Secret
from nudge_core.model.user import User, UserType
from nudge_core.ports import Store
from nudge_core.ports.services import SmsGateway
from nudge_entrypoints.callbacks import callbacks_of
from nudge_entrypoints.http.app import build_app
from nudge_entrypoints.http.health import HealthCheck, health_handlers
from nudge_entrypoints.http.serving import serve
from nudge_entrypoints.settings import Settings, TwilioSettings, load
from nudge_entrypoints.worker import Wake
from tests.databases import for_psycopg
from tests.pii_canaries import (
    ACCOUNT,
    API_KEY,
    API_SECRET,
    OUR_NUMBER,
    PASSWORD,
    PEOPLE,
    TOKEN,
    USER_PHONE,
    WORD,
    Net,
    body,
    email,
    name,
    phone,
)
from tests.pii_worker import EXPLODING
from tests.send_walk import RITA
from tests.twilio_calls import BASE, Call, inbound_call, parts_on, status_call

EXPLODER = UUID(int=0xB)
AT_ONCE = 16
KILLS, KILLED_EVERY = 3, 100
_SETTINGS = Settings(
    home=load({}).home,
    public_base_url=BASE,
    openai_api_key=Secret(TOKEN),
    database_url=f"postgresql://nudge:{PASSWORD}@127.0.0.1:1/nudge",
    redis_url=f"redis://:{PASSWORD}@127.0.0.1:1/0",
    twilio=TwilioSettings(
        account_sid=ACCOUNT, auth_token=Secret(TOKEN), api_key=API_KEY, api_secret=Secret(API_SECRET)
    ),
)


@frozen(kw_only=True)
class Requests:
    """How many of each."""

    webhooks: int
    sends: int
    databases: int


def requests_of(total: int) -> Requests:
    """Share them out: most are webhooks."""
    sends, databases = total // 5, total // 10
    return Requests(webhooks=total - sends - databases, sends=sends, databases=databases)


def _user(user_id: UUID, vertical: str, number: int) -> User:
    return User(
        id=user_id, user_type=UserType.REALTOR, full_name=name(number), business_name=f"Kanari Homes {number}",
        email=email(number), phone_number=USER_PHONE[:-1] + str(number % 7), vertical=vertical, tool_provider="reso",
        timezone="America/Chicago", twilio_phone_number=OUR_NUMBER[:-2] + f"{90 + number % 7}",
        license_number=f"{WORD}-{number}", mls_username=Secret(WORD), mls_password=Secret(PASSWORD),
        ai_style_guide={"sign_off": name(number)},
    )  # fmt: skip


def _client(user_id: UUID, number: int) -> Client:
    return Client(
        id=uuid5(user_id, f"client {number}"), user_id=user_id, full_name=name(number), email=email(number),
        phone=phone(number), phone_as_given=phone(number), notes=body(number), user_tags=(WORD,), ai_tags=(WORD,),
        preferences={"own_home": {"address": f"{number} Kanari St"}},
        created_at=datetime.now(UTC) - timedelta(days=400),
    )  # fmt: skip


def _text(client: Client, number: int, sender: str) -> ApprovedText:
    approval = Approval(
        id=uuid5(client.id, "yes"), user_id=client.user_id, approved_by=name(1), approved_at=client.created_at
    )
    return ApprovedText(
        id=uuid5(client.id, f"text {number}"), approval=approval, client_id=client.id,
        content=body(number), recipient=client.phone, sender=sender, source=MessageSource.INSTANT_NUDGE,
        sender_type=SenderType.AI, message_class=MessageClass.MARKETING, dedupe_key=f"text {number}",
    )  # fmt: skip


async def town(url: str) -> None:
    """Store two professionals, whose clients have canaries in every field, texts that wait, and notes that fail."""
    store = SqlStore(url, None, RandomIds())
    now = datetime.now(UTC)
    users = [evolve(_user(RITA, "real_estate", 1), mls_username=None, mls_password=None)]
    users.append(evolve(_user(EXPLODER, EXPLODING, 2), mls_username=None, mls_password=None))
    async with store.system() as system:
        for user in users:
            await system.users.add(user)
    for user in users:
        clients = [_client(user.id, number) for number in range(PEOPLE)]
        async with store.tenant(user.id) as tx:
            await tx.clients.add(clients)
            await tx.consents.add(
                [
                    Consent(
                        id=uuid5(client.id, "consent"), user_id=user.id, client_id=client.id, phone=client.phone or "",
                        kind=ConsentKind.EXPRESS_WRITTEN, source="form", recorded_by=name(1),
                        recorded_at=client.created_at, wording=body(1),
                    )
                    for client in clients
                ]
            )  # fmt: skip
            await tx.messages.queue(
                [_text(client, number, user.twilio_phone_number or "") for number, client in enumerate(clients[:20])]
            )
            await tx.notes.add(
                [
                    OutboxNote(
                        id=uuid5(user.id, topic), topic=topic, dedupe_key=f"pii {topic.value}", created_at=now,
                        user_id=user.id, payload={"event_ids": [body(1)], "event_id": body(2), "client_id": name(3)},
                    )
                    for topic in (Topic.SPREAD, Topic.MATCH, Topic.DRAFT, Topic.CONVERSE, Topic.HEAR)
                ]
            )  # fmt: skip
    await store.aclose()


def things(net: Net) -> None:
    """Print what the core, the adapters and the settings are made of, and what is said of wrong settings."""
    user, client = _user(RITA, "real_estate", 1), _client(RITA, 5)
    text = _text(client, 1, OUR_NUMBER)
    account = TwilioAccount(
        account_sid=ACCOUNT, auth_token=Secret(TOKEN), api_key=API_KEY, api_secret=Secret(API_SECRET)
    )
    for thing in (user, client, text, text.approval, _outgoing(1), account, _SETTINGS, _SETTINGS.twilio, [client]):
        net.thing("repr and str", thing)
    wrong = {
        "DATABASE_URL": f"mysql://nudge:{PASSWORD}@host/x", "PUBLIC_BASE_URL": f"https://{WORD}:{PASSWORD}@a_b",
        "NUDGE_REDIS_URL": f"http://:{PASSWORD}@x", "NUDGE_SECRET_KEYS": f"{WORD}:{PASSWORD}", "NUDGE_HTTP_PORT": WORD,
        "TWILIO_API_BASE_URL": f"ftp://{WORD}", "TWILIO_API_KEY": API_KEY, "NUDGE_TIMEZONE": WORD,
    }  # fmt: skip
    makers: list[Callable[[], object]] = [
        lambda: load(wrong),
        lambda: evolve(client, email=f"{WORD} at {WORD}"),
        lambda: evolve(client, phone=phone(1)[1:]),
        lambda: evolve(client, full_name=name(1) * 50),
        lambda: evolve(client, notes="\ud800" + body(1)),
        lambda: evolve(user, phone_number=phone(3) + "x"),
        lambda: evolve(user, vertical=""),
        lambda: build_twilio_gateway(evolve(account, account_sid=TOKEN), _callbacks(), SystemClock()),
        lambda: build_twilio_gateway(
            evolve(account, api_base_url=f"http://{WORD}:{PASSWORD}@x"), _callbacks(), SystemClock()
        ),
        lambda: SqlStore(f"mysql://nudge:{PASSWORD}@x/y", None, RandomIds()),
        lambda: SqlStore(PASSWORD, None, RandomIds()),
    ]
    for make in makers:
        try:
            made = make()
        except Exception as error:
            net.error("errors of values", error)
        else:
            net.thing("repr and str", made)


def _callbacks() -> Any:
    made = callbacks_of(_SETTINGS)
    assert made is not None
    return made


def _outgoing(number: int, **changes: Any) -> OutgoingText:
    text = OutgoingText(
        user_id=RITA, message_id=UUID(int=number + 1), attempt=1, sender=OUR_NUMBER, recipient=phone(number),
        body=body(number), valid_for_s=3_600,
    )  # fmt: skip
    return evolve(text, **changes)


def _call(number: int) -> tuple[str, dict[str, str], bytes]:
    """Return a webhook: good ones, and every way to be wrong, in turn."""
    ours, person, sid = f"{OUR_NUMBER[:-2]}91", phone(number), f"SM{number:032x}"
    words = (body(number), "STOP", "HELP", "START", f"stop texting {name(number)}")[number % 5]
    place = {"FromCity": "KANARIVILLE", "AccountSid": ACCOUNT, "To": ours, "ProfileName": name(number)}
    picture = {"NumMedia": "1", "MediaUrl0": f"https://{WORD}.example/1.jpg", "MediaContentType0": "image/jpeg"}
    message_id = uuid5(uuid5(RITA, f"client {number % 20}"), f"text {number % 20}")
    receipt = status_call(
        message_id, sid, ("sent", "delivered", "undelivered", f"{WORD}ed")[number % 4], To=person, From=ours,
        AccountSid=ACCOUNT, ErrorCode=("", "30007", WORD)[number % 3],
    )  # fmt: skip
    receipt = evolve(receipt, target=_callbacks().status_path(message_id, 1))
    text = inbound_call(sid, person, words, **place)
    kinds: tuple[Call, ...] = (
        text,
        receipt,
        inbound_call(sid, person, words, **place, **picture),
        evolve(text, target=FALLBACK_PATH),
        inbound_call(f"SM{number - 1:032x}", person, words, **place),  # told before
        evolve(text, token=f"{WORD} forger"),
        evolve(receipt, target=receipt.target.replace("a=1", f"a={WORD}")),
        evolve(receipt, target=f"/webhooks/twilio/status/{name(number).replace(' ', '%20')}?a=1&k={WORD}"),
        inbound_call(sid, person.replace("+", WORD), words, **place),
        inbound_call(sid, person, words * 2_000, **place),
        inbound_call("", person, words, **place),
        evolve(text, target=f"/{WORD}/{person}?phone={person}"),
        evolve(text, target=f"{INBOUND_PATH}?body={WORD}", base=f"https://{WORD}.example"),
    )
    call = evolve(kinds[number % len(kinds)])
    token = call.token if call.token.startswith(WORD + " ") else TOKEN
    call = evolve(call, token=token)
    headers = {**call.all_headers, "I-Twilio-Idempotency-Token": f"{WORD}-{number}", "Cookie": f"who={email(number)}"}
    if number % 29 == 0:
        headers.pop(HEADER)
    content = call.body[:-7] + b"%ff%zz" if number % 31 == 0 else call.body
    return call.target, headers, content


async def webhooks(net: Net, url: str, web: str | None, count: int) -> Counter[str]:
    """Post webhooks to the product's web process, where there is one, and to the application here, whose logs we hear.

    The connections of the database are ended in the middle, so that some are answered with 503.
    """
    answers: Counter[str] = Counter()
    store = SqlStore(url, None, RandomIds())
    parts = parts_on(store, SystemClock(), RandomIds())
    app = build_app(parts, _SETTINGS, handlers=health_handlers(HealthCheck(store)), clock=SystemClock())
    net.thing("repr and str", parts)
    async with _served(app) as here, httpx.AsyncClient(timeout=60) as client:
        origins = [here] if web is None else [here, web]

        async def one(number: int) -> None:
            target, headers, content = _call(number)
            if number % KILLED_EVERY == KILLED_EVERY // 2 and number < KILLS * KILLED_EVERY:
                await asyncio.to_thread(_kill, url)
            try:
                answer = await client.post(origins[number % len(origins)] + target, headers=headers, content=content)
            except httpx.TransportError:  # too large a body: answered and closed while we were still writing
                answers["webhook closed"] += 1
                return
            answers[f"webhook {answer.status_code}"] += 1
            net.look("http answers", f"{answer.headers} {answer.text}")

        await _all(count, one)
        for origin in origins:
            for path in ("/metrics", "/health/live", "/health/ready", f"/{WORD}?q={phone(1)}", f"/health/{name(1)}"):
                page = await client.get(origin + path)
                net.look(f"page {path.partition('?')[0] if WORD not in path.lower() else 'unknown'}", page.text)
    await store.aclose()
    return answers


def _served(app: Litestar) -> Any:
    from contextlib import asynccontextmanager

    @asynccontextmanager
    async def served() -> Any:
        stop, up = asyncio.Event(), asyncio.get_running_loop().create_future()
        running = asyncio.create_task(serve(app, 0, stop, up.set_result))
        try:
            yield await asyncio.wait_for(up, 60)
        finally:
            stop.set()
            await running

    return served()


async def _all(count: int, one: Callable[[int], Awaitable[None]]) -> None:
    slots = asyncio.Semaphore(AT_ONCE)

    async def bounded(number: int) -> None:
        async with slots:
            await one(number)

    async with asyncio.TaskGroup() as group:
        for number in range(count):
            group.create_task(bounded(number))


_FAULTS = tuple(fault for fault in Fault if fault is not Fault.HANG)


async def carriers(net: Net, count: int) -> Counter[str]:
    """Send through Twilio's adapter to a carrier on which everything goes wrong in turn, and to none at all."""
    outcomes: Counter[str] = Counter()
    quiet = CarrierSettings(reports=False)
    plan = FaultPlan(shares=MappingProxyType({fault: 0.8 / len(_FAULTS) for fault in _FAULTS}), slow_s=0.0, late_s=0.0)
    settings = ServerSettings(account=ACCOUNT, token=Secret(TOKEN), carrier=quiet, faults=plan)
    recipients, senders = list(TEST_RECIPIENTS), list(TEST_SENDERS)
    async with carrier_server(settings, MemoryJournal(), SystemClock()) as server:
        base = TwilioAccount(account_sid=ACCOUNT, auth_token=Secret(TOKEN), api_base_url=server.origin)
        gateways = [
            build_twilio_gateway(one, _callbacks(), SystemClock())
            for one in (
                base,
                evolve(base, auth_token=Secret(f"{TOKEN} wrong")),
                evolve(base, api_base_url="http://127.0.0.1:1"),
            )
        ]

        async def one(number: int) -> None:
            gateway = gateways[(0, 0, 0, 0, 0, 0, 0, 0, 1, 2)[number % 10]]
            changes: dict[str, Any] = {}
            if number % 7 == 0:
                changes["recipient"] = recipients[number % len(recipients)]
            if number % 11 == 0:
                changes["sender"] = senders[number % len(senders)]
            if number % 13 == 0:
                changes["body"] = "\ud800" + body(number)
            outcome = await gateway.send(_outgoing(number, **changes))
            outcomes[f"send {type(outcome).__name__}"] += 1
            net.thing("outcomes", outcome)
            if number % 10 == 0:
                server.list_fails = number % 20 == 0
                await _asked(net, gateway, number)

        await _all(count, one)
        for gateway in gateways:
            net.thing("repr and str", gateway)
            await gateway.aclose()
    return outcomes


async def _asked(net: Net, gateway: SmsGateway, number: int) -> None:
    """Ask the lists, whose addresses hold phones."""
    since = datetime.now(UTC) - timedelta(days=1)
    for asked in (
        gateway.find(OUR_NUMBER, phone(number), since), gateway.received(OUR_NUMBER, since),
        gateway.fetch(f"SM{number:032x}"), gateway.ping(),
    ):  # fmt: skip
        try:
            net.thing("outcomes", await asked)
        except NudgeError as error:
            net.error("errors of the carrier", error)


async def databases(net: Net, url: str, count: int, *, walled: bool = True) -> Counter[str]:
    """Break constraints, kill connections in the middle, ask servers that are not there.

    `walled` False: with a login that stands before row-level security, to which PostgreSQL quotes what it met.
    """
    said: Counter[str] = Counter()
    store = SqlStore(open_engine(url, walled=walled), None, RandomIds())
    kills = {count - 1 - n * KILLED_EVERY for n in range(KILLS) if n * KILLED_EVERY < count // 2}

    async def one(number: int) -> None:
        if number in kills:
            await asyncio.to_thread(_kill, url)
        try:
            await _break(store, number)
        except Exception as error:
            said[f"database {type(error).__name__}"] += 1
            net.error("errors of the database", error)

    await _all(count, one)
    await store.aclose()
    for address in (_SETTINGS.database_url, for_psycopg(url).replace("/nudge_test", "/missing")):
        away = SqlStore(address or "", None, RandomIds())
        net.thing("repr and str", away)
        try:
            await away.ping()
        except Exception as error:
            net.error("errors of the database", error)
        await away.aclose()
    wake = Wake(lambda: _SETTINGS.redis_url)
    await wake.send()
    net.thing("repr and str", await wake.state())
    await wake.aclose()
    return said


async def _break(store: Store, number: int) -> None:
    """Write what the database refuses."""
    person = evolve(_client(RITA, number), id=UUID(int=number + 1_000))
    kind = number % 6
    if kind == 0:
        async with store.system() as system:
            await system.users.add(
                evolve(_user(UUID(int=number + 5_000), "real_estate", 1), mls_username=None, mls_password=None)
            )
    elif kind == 1:
        async with store.system() as system:  # no key is set: the secrets cannot be stored
            await system.users.add(_user(UUID(int=number + 5_000), "real_estate", 5))
    elif kind == 5:
        async with store.tenant(UUID(int=number + 9_000)) as tx:
            await tx.clients.add([evolve(person, user_id=UUID(int=number + 9_000))])
    else:
        changed = {
            2: person,
            3: evolve(person, full_name=name(1) + "\x00"),
            4: evolve(person, notes=body(1) + "\ud800"),
        }
        async with store.tenant(RITA) as tx:
            await tx.clients.add([changed[kind]])


def _kill(url: str) -> None:
    with psycopg.connect(for_psycopg(url), autocommit=True) as connection, suppress(psycopg.Error):
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
            "AND pid <> pg_backend_pid()"
        )
