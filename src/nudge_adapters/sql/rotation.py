"""Keys of secrets, changed while everything runs: rows of older keys are written anew, batch by batch.

A secret is read without a lock and written back only where it is still the one that was read, so that nobody waits for
the rotation, and a change that comes in between wins. It may be stopped at any point and run again: what is done is
done, and what is left is what an older key wrote. Several at once do no harm.

The order is the operator's: every process must know the new key before the first one writes with it
(`docs/how-to/rotate-keys.md`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

from attrs import field, frozen
from sqlalchemy import RowMapping, Table, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from nudge_adapters.sql import tables
from nudge_adapters.sql.across import KEYS, Across
from nudge_adapters.sql.encryption import Keyring, Place, key_of
from nudge_adapters.sql.rows.people import SECRETS
from nudge_core.errors import Misconfigured

BATCH = 200
"""Rows of one transaction: their locks are held for some hundredths of a second."""

MOST_PASSES = 5
"""How often what was changed under our hands is looked at again; more often, a process still writes with an old key."""


@frozen(kw_only=True)
class SecretTable:
    """A table with secrets: whose a row is, and the columns that hold them."""

    table: Table
    owner: str
    columns: tuple[str, ...]

    @property
    def keys(self) -> Across:
        """What finds the next rows that hold secrets, of all professionals, by their keys."""
        holds = f"num_nonnulls({', '.join(f't.{name}' for name in self.columns)}) > 0"
        return Across(
            name=f"{self.table.name}_secrets",
            takes={"owner": "uuid", "after": "uuid", "most": "int"},
            gives=KEYS,
            statement=f'SELECT t.{self.owner}, t.id FROM "{self.table.name}" t WHERE {holds} '  # noqa: S608 - only names of ours are put in
            f"AND (:owner IS NULL OR (t.{self.owner}, t.id) > (:owner, :after)) ORDER BY 1, 2 LIMIT :most",
        )


SECRET_TABLES: tuple[SecretTable, ...] = (
    SecretTable(table=tables.user, owner="id", columns=SECRETS),
    SecretTable(table=tables.optoutkey, owner="user_id", columns=("secret",)),
    SecretTable(table=tables.contactaccount, owner="user_id", columns=("refresh_token",)),
    SecretTable(table=tables.contactgrant, owner="user_id", columns=("verifier",)),
)
"""Every column whose comment says "encrypted" stands here; a test compares."""

ACROSS = tuple(place.keys for place in SECRET_TABLES)

Key = tuple[UUID, UUID]
"""Owner and id of the row that was read last."""

_BIND = text("SELECT set_config('app.tenant_id', :tenant, true)")


@frozen(kw_only=True)
class Rotated:
    """What a rotation did, in secrets. `unreadable`: left as they are, `problems`: why. `left`: still to be done."""

    written: int = 0
    unreadable: int = 0
    left: int = 0
    problems: tuple[str, ...] = field(default=(), repr=False)


@frozen
class Rotation:
    """Secrets of one database under one ring of keys."""

    _engine: AsyncEngine
    _keyring: Keyring

    async def status(self) -> Mapping[str, Mapping[str, int]]:
        """Return how many secrets each key has written: `{"user.mls_password": {"2026-11": 3}}`, names sorted.

        Raises:
            Misconfigured: the login does not see every professional.
        """
        counted: dict[str, Counter[str]] = {}
        for place in SECRET_TABLES:
            counts = {name: Counter[str]() for name in place.columns}
            async with self._engine.connect() as connection:
                after: Key | None = None
                while rows := await _rows(connection, place, after, BATCH):
                    for row in rows:
                        for name in place.columns:
                            if row[name] is not None:
                                counts[name][key_of(row[name])] += 1
                    after = (rows[-1]["owner"], rows[-1]["id"])
            counted |= {f"{place.table.name}.{name}": counts[name] for name in place.columns}
        return {name: dict(sorted(counts.items())) for name, counts in sorted(counted.items())}

    async def run(self, batch: int = BATCH, say: Callable[[int], None] = lambda _written: None) -> Rotated:
        """Write every secret that an older key wrote anew with the current one.

        Args:
            batch: rows of one transaction.
            say: told after each batch how many secrets have been written so far.

        Returns:
            What was done. A secret that cannot be read is left as it is and counted; it stops nothing else.

        Raises:
            Misconfigured: the login does not see every professional.
        """
        written, last = 0, _Pass()
        for _ in range(MOST_PASSES):
            last = _Pass()
            for place in SECRET_TABLES:
                after: Key | None = None
                while rows := await self._batch(place, after, batch, last):
                    after = (rows[-1]["owner"], rows[-1]["id"])
                    say(written + last.written)
            written += last.written
            if last.missed == 0:
                break
        return Rotated(
            written=written,
            unreadable=last.unreadable,
            left=last.missed,
            problems=tuple(dict.fromkeys(last.problems)),
        )

    async def _batch(self, place: SecretTable, after: Key | None, batch: int, told: _Pass) -> Sequence[RowMapping]:
        async with self._engine.begin() as connection:
            rows = await _rows(connection, place, after, batch)
            for row in rows:
                old = {
                    name: row[name]
                    for name in place.columns
                    if row[name] is not None and key_of(row[name]) != self._keyring.current
                }
                new = self._anew(place, row, old, told)
                if not new:
                    continue
                if await _replace(connection, place, row, {name: old[name] for name in new}, new):
                    told.written += len(new)
                else:
                    told.missed += len(new)
        return rows

    def _anew(self, place: SecretTable, row: RowMapping, old: Mapping[str, str], told: _Pass) -> dict[str, str]:
        new = {}
        for name, stored in old.items():
            where = Place(table=place.table.name, column=name, user_id=row["owner"], row_id=row["id"])
            try:
                new[name] = self._keyring.encrypt(self._keyring.decrypt(stored, where), where)
            except Misconfigured as error:
                told.unreadable += 1
                told.problems += error.problems
        return new


class _Pass:
    """What one walk through all rows did."""

    def __init__(self) -> None:
        self.written = self.unreadable = self.missed = 0
        self.problems: list[str] = []


async def _rows(connection: AsyncConnection, place: SecretTable, after: Key | None, limit: int) -> Sequence[RowMapping]:
    """Return the next rows that hold secrets, by owner and id; each is read as the professional whose it is."""
    owner, last = (None, None) if after is None else after
    wanted = {"owner": owner, "after": last, "most": limit}
    found = place.keys.rows(place.table).subquery()
    query = select(found.c[place.owner].label("owner"), found.c.id, *(found.c[name] for name in place.columns))
    return (await connection.execute(query.order_by(text("owner"), found.c.id), wanted)).mappings().all()


async def _replace(
    connection: AsyncConnection, place: SecretTable, row: RowMapping, old: Mapping[str, str], new: Mapping[str, str]
) -> bool:
    """Write secrets as their professional, unless one of them is another one by now; say whether they were written."""
    await connection.execute(_BIND, {"tenant": str(row["owner"])})
    columns = place.table.c
    same = [columns[name] == stored for name, stored in old.items()]
    this = (columns[place.owner] == row["owner"], columns.id == row["id"])
    return (await connection.execute(update(place.table).where(*this, *same).values(dict(new)))).rowcount == 1
