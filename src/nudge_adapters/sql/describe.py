"""The tables and columns as Markdown, for `docs/reference/database.md`.

    python -m nudge_adapters.sql.describe docs/reference/database.md

writes the tables between their marks anew and leaves the rest of the document alone; a test compares.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from sqlalchemy import Column, Index, Table, UniqueConstraint
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex

from nudge_adapters.sql.tables import METADATA

_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]  # the library has no types here


def column_tables() -> Mapping[str, str]:
    """Return, per table of the database, its columns and indexes as Markdown."""
    return {name: _described(table) for name, table in sorted(METADATA.tables.items())}


def rewritten(document: str) -> str:
    """Return the document with what stands between `<!-- columns: NAME -->` and `<!-- end -->` written anew."""
    for name, described in column_tables().items():
        mark = re.compile(rf"(<!-- columns: {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        document = mark.sub(_between(described), document)
    return document


def _between(text: str) -> Callable[[re.Match[str]], str]:
    return lambda marks: f"{marks[1]}{text}{marks[2]}"


def _described(table: Table) -> str:
    lines = ["| column | type | null | refers to |", "|---|---|---|---|"]
    lines += [_column(column) for column in table.columns]
    lines += ["", "Indexes:", ""]
    lines += [f"- `{line}`" for line in sorted(_keys(table))]
    return "\n".join(lines) + "\n"


def _column(column: Column[object]) -> str:
    refers = sorted(str(key.target_fullname) for key in column.foreign_keys)
    kind = column.type.compile(_DIALECT).lower()
    extra = "; ".join(
        part for part in ("computed" if column.computed is not None else "", column.comment or "") if part
    )
    return (
        f"| `{column.name}` | {kind}{f' ({extra})' if extra else ''} | {'yes' if column.nullable else 'no'} "
        f"| {', '.join(f'`{one}`' for one in refers)} |"
    )


def _keys(table: Table) -> list[str]:
    keys = [f"{table.primary_key.name}: primary key ({', '.join(c.name for c in table.primary_key)})"]
    keys += [
        f"{constraint.name}: unique ({', '.join(column.name for column in constraint.columns)})"
        for constraint in table.constraints
        if isinstance(constraint, UniqueConstraint)
    ]
    return keys + [_index(index) for index in table.indexes]


def _index(index: Index) -> str:
    written = str(CreateIndex(index).compile(dialect=_DIALECT))
    unique = "unique " if index.unique else ""
    return f"{index.name}: {unique}{written.partition(' ON ')[2].partition(' ')[2]}"


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_text(rewritten(path.read_text()))
