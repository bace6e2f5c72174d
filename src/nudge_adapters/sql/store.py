"""The store on PostgreSQL: opens transactions, and holds no connection otherwise."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import UUID

from attrs import Factory, field, frozen
from sqlalchemy import event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from nudge_adapters.sql.encryption import Keyring
from nudge_adapters.sql.failures import translate
from nudge_adapters.sql.ports.access import SqlApiKeys, SqlAttempts, SqlOverviews, SqlSessions
from nudge_adapters.sql.ports.audit import SqlAudit, grow_chain
from nudge_adapters.sql.ports.carrier_events import SqlCarrierEvents
from nudge_adapters.sql.ports.changes import SqlChangeNews, SqlChanges
from nudge_adapters.sql.ports.consent import SqlConsents, SqlSuppressions
from nudge_adapters.sql.ports.contacts import SqlContactAccounts, SqlContactImports
from nudge_adapters.sql.ports.contents import SqlContents, SqlFaqs
from nudge_adapters.sql.ports.dossiers import SqlDossiers
from nudge_adapters.sql.ports.exposures import SqlExposures
from nudge_adapters.sql.ports.held_numbers import SqlHeldNumbers
from nudge_adapters.sql.ports.idempotency import SqlIdempotencyKeys
from nudge_adapters.sql.ports.knowledge import SqlClientFacts, SqlClientImports, SqlClientNotes
from nudge_adapters.sql.ports.lanes import SqlLanes
from nudge_adapters.sql.ports.market import SqlGlobalEvents, SqlListings, SqlMarketEvents, SqlResources
from nudge_adapters.sql.ports.meanings import SqlMeanings
from nudge_adapters.sql.ports.merging import SqlClientMerges
from nudge_adapters.sql.ports.messages import SqlMessages
from nudge_adapters.sql.ports.nudges import SqlBriefings, SqlNegativePreferences
from nudge_adapters.sql.ports.operations import SqlHeartbeats, SqlTimetable, SqlVitals
from nudge_adapters.sql.ports.outbox import SqlNotes, SqlRuns
from nudge_adapters.sql.ports.people import SqlClients, SqlUsers
from nudge_adapters.sql.ports.planned import SqlInteractions, SqlScheduled, SqlSchedules
from nudge_adapters.sql.ports.screens import SqlScreens
from nudge_adapters.sql.ports.sends import SqlSends
from nudge_adapters.sql.ports.sources import SqlFeeds
from nudge_adapters.sql.ports.statistics import SqlStatistics
from nudge_adapters.sql.ports.style import SqlStyle
from nudge_adapters.sql.read_pool import ReadPool
from nudge_adapters.sql.role import WHO_ARE_WE, step_down
from nudge_adapters.sql.rotation import Rotation
from nudge_adapters.sql.work import Work
from nudge_core.errors import Conflict, Misconfigured
from nudge_core.ports import Clock, Ids

CONNECT_TIMEOUT_S = 10
POOL_SIZE = 15  # kept open once they were needed: one opened for a moment costs PostgreSQL a process each time
POOL_WAIT_S = 10.0
LEAST_VERSION = 150_000  # server_version_num; UNIQUE NULLS NOT DISTINCT came with PostgreSQL 15


@frozen(eq=False)
class SqlSystemTransaction:
    """Work that belongs to no tenant."""

    now: datetime
    users: SqlUsers
    feeds: SqlFeeds
    listings: SqlListings
    global_events: SqlGlobalEvents
    meanings: SqlMeanings
    runs: SqlRuns
    notes: SqlNotes
    sends: SqlSends
    timetable: SqlTimetable
    heartbeats: SqlHeartbeats
    vitals: SqlVitals
    carrier_events: SqlCarrierEvents
    schedules: SqlSchedules
    attempts: SqlAttempts
    change_news: SqlChangeNews


@frozen(eq=False)
class SqlTenantTransaction:
    """Work for one professional."""

    now: datetime
    user_id: UUID
    users: SqlUsers
    listings: SqlListings
    global_events: SqlGlobalEvents
    notes: SqlNotes
    clients: SqlClients
    client_notes: SqlClientNotes
    client_facts: SqlClientFacts
    client_imports: SqlClientImports
    client_merges: SqlClientMerges
    contact_imports: SqlContactImports
    contact_accounts: SqlContactAccounts
    dossiers: SqlDossiers
    resources: SqlResources
    market_events: SqlMarketEvents
    briefings: SqlBriefings
    messages: SqlMessages
    scheduled: SqlScheduled
    interactions: SqlInteractions
    consents: SqlConsents
    suppressions: SqlSuppressions
    lanes: SqlLanes
    negative_preferences: SqlNegativePreferences
    style: SqlStyle
    exposures: SqlExposures
    audit: SqlAudit
    statistics: SqlStatistics
    contents: SqlContents
    faqs: SqlFaqs
    held_numbers: SqlHeldNumbers
    sessions: SqlSessions
    api_keys: SqlApiKeys
    overviews: SqlOverviews
    carrier_events: SqlCarrierEvents
    idempotency: SqlIdempotencyKeys
    changes: SqlChanges


def database_url(url: str) -> URL:
    """Return the address in the form SQLAlchemy takes, with psycopg 3 as the driver, sync and async.

    Raises:
        Misconfigured: it is no address of a PostgreSQL database. Nothing of it is repeated: it may hold a password.
    """
    try:
        parsed = make_url(url)
    except Exception as error:
        raise Misconfigured(["DATABASE_URL: an address such as postgresql://user:password@host:5432/name"]) from error
    if parsed.get_backend_name() not in ("postgresql", "postgres"):
        raise Misconfigured([f"DATABASE_URL: PostgreSQL only, not {parsed.get_backend_name()}"])
    return parsed.set(drivername="postgresql+psycopg")


def open_engine(url: str, *, walled: bool = True) -> AsyncEngine:
    """Return an engine whose errors and logs never hold a parameter. It connects when it is used.

    Args:
        url: of a login that is `nudge_app`, or one that may become it: its connections then work as `nudge_app`.
        walled: False: connections keep the rights of their login. For tests and benchmarks of the explicit filters.
    """
    engine = create_async_engine(
        database_url(url),
        hide_parameters=True,
        pool_pre_ping=True,  # a server that restarted costs one reconnect, not one failed step
        pool_size=POOL_SIZE,
        max_overflow=0,
        pool_use_lifo=True,  # the ones used last are warm; the others stay idle
        pool_timeout=POOL_WAIT_S,
        connect_args={"connect_timeout": CONNECT_TIMEOUT_S},
    )
    if walled:
        event.listen(engine.sync_engine, "connect", _become_the_application)
    return engine


def _become_the_application(connection: DBAPIConnection, _record: object) -> None:
    cursor = connection.cursor()
    try:
        cursor.execute(WHO_ARE_WE)
        statement = step_down(*(cursor.fetchone() or (None, False, False)))
        if statement is not None:
            cursor.execute(statement)
    finally:
        cursor.close()
    connection.commit()


def _reads_beside(engine: AsyncEngine) -> ReadPool:
    """Return a pool for reads on the same database with the same rights as an engine of `open_engine`."""
    address = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    return ReadPool(address, is_walled=event.contains(engine.sync_engine, "connect", _become_the_application))


def _opened(given: AsyncEngine | str) -> AsyncEngine:
    return open_engine(given) if isinstance(given, str) else given


@frozen(eq=False)
class SqlStore:
    """A store on PostgreSQL.

    Args:
        engine: from `open_engine`, or an address, which is opened with it. The store closes it.
        clock: None for the database's own `now()`; a simulated clock in the demo and in tests. Every comparison of
            due times and leases uses the one value that the transaction began with.
        ids: where the ids come from that the store itself gives (unread records).
        keyring: needed to store and read the secrets of users.
    """

    _engine: AsyncEngine = field(converter=_opened)
    _clock: Clock | None
    _ids: Ids
    _keyring: Keyring | None = field(default=None, repr=False)
    _inside: set[asyncio.Task[object] | None] = field(factory=set, init=False, repr=False)
    _reads: ReadPool = field(
        default=Factory(lambda self: _reads_beside(self._engine), takes_self=True), init=False, repr=False
    )
    screens: SqlScreens = field(
        default=Factory(lambda self: SqlScreens(self._reads, self._clock), takes_self=True), init=False, repr=False
    )

    @asynccontextmanager
    async def _work(self, user_id: UUID | None) -> AsyncIterator[Work]:
        task = asyncio.current_task()
        if task in self._inside:
            raise RuntimeError("a transaction inside a transaction: leave the first one before opening the next")
        self._inside.add(task)
        try:
            async with self._engine.begin() as connection:
                work = await Work.begin(connection, user_id, self._clock, self._ids, self._keyring)
                try:
                    yield work
                    if work.broken:
                        raise Conflict("transaction", "an earlier write in it failed, so nothing of it is stored")
                    await grow_chain(work)
                finally:
                    work.ended = True
        except Exception as error:
            if (translated := translate(error)) is not None:
                raise translated from error
            raise
        finally:
            self._inside.discard(task)

    @asynccontextmanager
    async def system(self) -> AsyncIterator[SqlSystemTransaction]:
        """Open a transaction that belongs to no tenant. Raises Unavailable when the database does not answer."""
        async with self._work(None) as work:
            yield SqlSystemTransaction(
                now=work.now,
                users=SqlUsers(work),
                feeds=SqlFeeds(work),
                listings=SqlListings(work),
                global_events=SqlGlobalEvents(work),
                meanings=SqlMeanings(work),
                runs=SqlRuns(work),
                notes=SqlNotes(work),
                sends=SqlSends(work),
                timetable=SqlTimetable(work),
                heartbeats=SqlHeartbeats(work),
                vitals=SqlVitals(work),
                carrier_events=SqlCarrierEvents(work),
                schedules=SqlSchedules(work),
                attempts=SqlAttempts(work),
                change_news=SqlChangeNews(work),
            )

    @asynccontextmanager
    async def tenant(self, user_id: UUID) -> AsyncIterator[SqlTenantTransaction]:
        """Open a transaction of one professional. Raises Unavailable when the database does not answer."""
        async with self._work(user_id) as work:
            yield SqlTenantTransaction(
                now=work.now,
                user_id=user_id,
                users=SqlUsers(work),
                listings=SqlListings(work),
                global_events=SqlGlobalEvents(work),
                notes=SqlNotes(work),
                clients=SqlClients(work),
                client_notes=SqlClientNotes(work),
                client_facts=SqlClientFacts(work),
                client_imports=SqlClientImports(work),
                client_merges=SqlClientMerges(work),
                contact_imports=SqlContactImports(work),
                contact_accounts=SqlContactAccounts(work),
                dossiers=SqlDossiers(work),
                resources=SqlResources(work),
                market_events=SqlMarketEvents(work),
                briefings=SqlBriefings(work),
                messages=SqlMessages(work),
                scheduled=SqlScheduled(work),
                interactions=SqlInteractions(work),
                consents=SqlConsents(work),
                suppressions=SqlSuppressions(work),
                lanes=SqlLanes(work),
                negative_preferences=SqlNegativePreferences(work),
                style=SqlStyle(work),
                exposures=SqlExposures(work),
                audit=SqlAudit(work),
                statistics=SqlStatistics(work),
                contents=SqlContents(work),
                faqs=SqlFaqs(work),
                held_numbers=SqlHeldNumbers(work),
                sessions=SqlSessions(work),
                api_keys=SqlApiKeys(work),
                overviews=SqlOverviews(work),
                carrier_events=SqlCarrierEvents(work),
                idempotency=SqlIdempotencyKeys(work),
                changes=SqlChanges(work),
            )

    async def ping(self) -> str:
        """Return one line that says what answered, or raise Unavailable; Misconfigured for a server that is too old."""
        try:
            async with self._engine.connect() as connection:
                row = (await connection.execute(_WHO)).one()
        except Exception as error:
            if (translated := translate(error)) is not None:
                raise translated from error
            raise
        if row.number < LEAST_VERSION:
            raise Misconfigured([f"PostgreSQL {row.version} is too old: {LEAST_VERSION // 10_000} or newer is needed"])
        return f"PostgreSQL {row.version}, database {row.name}"

    async def aclose(self) -> None:
        """Give back connections."""
        await self._reads.aclose()
        await self._engine.dispose()

    def rotation(self) -> Rotation:
        """Return what changes the keys of the stored secrets. Raises Misconfigured when there are no keys."""
        if self._keyring is None:
            raise Misconfigured(["encryption keys: none are configured, so nothing can be encrypted anew"])
        return Rotation(self._engine, self._keyring)

    async def reencrypt(self) -> int:
        """Write every secret that an older key of the ring wrote anew with the current one; return how many.

        It may run beside the application and be run again after a crash. Raises Misconfigured when a secret cannot be
        read; the others are written all the same.
        """
        done = await self.rotation().run()
        if done.unreadable:
            raise Misconfigured(done.problems)
        return done.written


_WHO = text(
    "SELECT current_setting('server_version') AS version, current_setting('server_version_num')::int AS number, "
    "current_database() AS name"
)
