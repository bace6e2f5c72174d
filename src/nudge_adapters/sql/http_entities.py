"""Entities of SQLAlchemy's ORM for `nudge bench http`: what an application reads that was not written for speed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from attrs import frozen
from sqlalchemy import event, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase

from nudge_adapters.sql import tables
from nudge_adapters.sql.http_opponents import CONVERSATIONS, STATEMENTS, VALUES
from nudge_adapters.sql.practices_seed import EVENT, OWNER, PEOPLE
from nudge_adapters.sql.store import POOL_SIZE, database_url
from nudge_adapters.sql.walls import APP
from nudge_core.model.briefing import BriefingStatus
from nudge_core.model.page import USUAL_ITEMS

_TENANT = text("SELECT set_config('app.tenant_id', :tenant, true), set_config('TimeZone', 'UTC', true)")


class Base(DeclarativeBase):
    """Of the entities."""


class ClientEntity(Base):
    """A client: a row of the table."""

    __table__ = tables.client


class MessageEntity(Base):
    """A text: a row of the table."""

    __table__ = tables.message


class BriefingEntity(Base):
    """A nudge: a row of the table."""

    __table__ = tables.campaignbriefing


class EventEntity(Base):
    """What happened: a row of the table."""

    __table__ = tables.marketevent


@frozen(eq=False)
class OrmReads:
    """The pages as entities, as `nudge_app`, in a transaction for the tenant."""

    _sessions: async_sessionmaker[AsyncSession]

    async def clients(self) -> Sequence[ClientEntity]:
        """Return a page of the book by name."""
        async with self._sessions() as session, session.begin():
            await session.execute(_TENANT, {"tenant": str(OWNER)})
            columns = tables.client.c
            by = func.lower(columns.full_name.collate("C"))
            query = select(ClientEntity).where(columns.user_id == OWNER).order_by(by, columns.id)
            return (await session.scalars(query.limit(USUAL_ITEMS + 1))).all()

    async def conversations(self) -> Sequence[tuple[MessageEntity, str, int]]:
        """Return a page of texts, each with the client's name and how many are unread.

        The rows are found by the same statement; the texts are then loaded as entities.
        """
        async with self._sessions() as session, session.begin():
            await session.execute(_TENANT, {"tenant": str(OWNER)})
            found = (await session.execute(_CONVERSATIONS, {**VALUES})).all()
            these = select(MessageEntity).where(
                tables.message.c.user_id == OWNER, tables.message.c.id.in_([row.id for row in found])
            )
            texts: dict[Any, MessageEntity] = {one.id: one for one in await session.scalars(these)}  # type: ignore[attr-defined]  # its columns are the table's
            return [(texts[row.id], row.full_name, row.unread) for row in found]

    async def queue(self) -> tuple[Sequence[BriefingEntity], Sequence[ClientEntity], Sequence[EventEntity]]:
        """Return the nudges that wait, best first, the clients of their audiences, and what they tell of."""
        async with self._sessions() as session, session.begin():
            await session.execute(_TENANT, {"tenant": str(OWNER)})
            row, client, happened = tables.campaignbriefing.c, tables.client.c, tables.marketevent.c
            waiting = select(BriefingEntity).where(row.user_id == OWNER, row.status == BriefingStatus.DRAFT)
            best = waiting.order_by(row.best_score.desc(), row.created_at.desc(), row.id).limit(USUAL_ITEMS)
            people = select(ClientEntity).where(client.user_id == OWNER, client.id.in_(PEOPLE))
            events = select(EventEntity).where(happened.user_id == OWNER, happened.id == EVENT)
            return (
                (await session.scalars(best)).all(),
                (await session.scalars(people)).all(),
                (await session.scalars(events)).all(),
            )


_CONVERSATIONS = text(
    STATEMENTS[CONVERSATIONS][0].replace("%(user_id)s", ":user_id").replace("%(limit)s", ":limit").replace("::text", "")
)


@asynccontextmanager
async def orm_reads(url: str) -> AsyncIterator[OrmReads]:
    """Yield reads on SQLAlchemy's pool."""
    engine = create_async_engine(database_url(url), pool_size=POOL_SIZE, max_overflow=0)

    @event.listens_for(engine.sync_engine, "connect")
    def become(connection: Any, _record: object) -> None:
        connection.cursor().execute(f"SET ROLE {APP}")
        connection.commit()

    yield OrmReads(async_sessionmaker(engine, expire_on_commit=False))
    await engine.dispose()
