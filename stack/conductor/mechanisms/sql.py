"""Statements to the shop's database as its owner gives them: what they change stays until other statements undo it.

Arguments: `statements`, one after the other, each committed at once; `undo`, statements as well; `read`, a query a
name, whose one value is read before anything is changed and stands for `:name` in `undo`; `probe` and `undone`, lists
of `{query, expect}`: what the query gives must match the pattern; `application_name` (psql).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from psycopg import conninfo

from conductor.errors import ConductorError
from conductor.mechanisms.base import Arguments, Context, Undo

APPLICATION = "psql"
VARIABLE = re.compile(r"(?<![:\w]):([a-z_]\w*)")
DONE_BEFORE = (
    psycopg.errors.DuplicateTable,  # an index, too
    psycopg.errors.DuplicateObject,
    psycopg.errors.DuplicateColumn,
    psycopg.errors.InvalidTableDefinition,  # a second primary key
    psycopg.errors.UndefinedObject,
    psycopg.errors.UndefinedColumn,
)
"""What a statement meets whose work is done already."""

Connection = psycopg.Connection[tuple[Any, ...]]


def connect(context: Context, application_name: str = APPLICATION, database: str | None = None) -> Connection:
    """Open a session of the owner's, each statement committed at once.

    Raises:
        ConductorError: PostgreSQL does not let it in.
    """
    url = context.runtime.environment()["DATABASE_URL"]
    try:
        told = conninfo.make_conninfo(url, dbname=database, application_name=application_name, connect_timeout=3)
        return psycopg.connect(told, autocommit=True)
    except psycopg.OperationalError as error:
        raise ConductorError(f"PostgreSQL lets nobody in: {_first_line(error)}; is the shop up?", 1) from error


class Sql:
    """Statements, and statements that take them back."""

    kind = "sql"
    role = "dba"

    def target(self, arguments: Arguments) -> str:
        """Name the database's service."""
        return "postgres"

    def command(self, arguments: Arguments) -> tuple[str, str]:
        """Give both lists of statements."""
        return "; ".join(arguments["statements"]), "; ".join(arguments.get("undo", []))

    def prepare(self, arguments: Arguments, context: Context) -> Undo:
        """Read what the undo will need, such as an index's definition."""
        name = arguments.get("application_name", APPLICATION)
        with connect(context, name) as connection:
            found = {key: _only(connection, key, query) for key, query in arguments.get("read", {}).items()}
        return {
            "application_name": name,
            "statements": [fill(statement, found) for statement in arguments.get("undo", [])],
            "probe": arguments.get("undone", []),
        }

    def begin(self, arguments: Arguments, context: Context) -> None:
        """Execute the statements."""
        with connect(context, arguments.get("application_name", APPLICATION)) as connection:
            for statement in arguments["statements"]:
                _execute(connection, statement)

    def in_effect(self, arguments: Arguments, context: Context) -> bool:
        """Compare what the database answers with what is expected."""
        with connect(context, arguments.get("application_name", APPLICATION)) as connection:
            return says(connection, arguments.get("probe", []))

    def undo(self, undo: Undo, context: Context) -> None:
        """Execute the undo's statements; one whose work is done already is passed over."""
        with connect(context, undo["application_name"]) as connection:
            for statement in undo["statements"]:
                _execute(connection, statement, DONE_BEFORE)

    def undone(self, undo: Undo, context: Context) -> bool:
        """Compare what the database answers with what it answered before."""
        with connect(context, undo["application_name"]) as connection:
            return says(connection, undo["probe"])


def fill(statement: str, values: Mapping[str, str]) -> str:
    """Put values in place of `:name`, as psql does; other words after a colon stay."""
    return VARIABLE.sub(lambda match: values.get(match[1], match[0]), statement)


def says(connection: Connection, probes: Sequence[Mapping[str, str]]) -> bool:
    """Tell whether every query gives what its pattern finds; rows are lines, columns parted by `|`."""
    for probe in probes:
        rows = connection.execute(probe["query"].encode()).fetchall()
        text = "\n".join("|".join(map(str, row)) for row in rows)
        if not re.search(probe["expect"], text):
            return False
    return True


def _only(connection: Connection, name: str, query: str) -> str:
    rows = connection.execute(query.encode()).fetchall()
    if len(rows) != 1:
        raise ConductorError(f"{name} has {len(rows)} values in the database, not one: {query}", 1)
    return str(rows[0][0])


def _execute(connection: Connection, statement: str, tolerated: tuple[type[psycopg.Error], ...] = ()) -> None:
    try:
        connection.execute(statement.encode())
    except tolerated:
        return
    except psycopg.Error as error:
        raise ConductorError(f"PostgreSQL refused {statement!r}: {_first_line(error)}", 1) from error


def _first_line(error: psycopg.Error) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
