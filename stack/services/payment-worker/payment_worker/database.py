"""One connection a process: a process runs one task at a time."""

import psycopg
from psycopg.rows import DictRow, dict_row

from payment_worker.events import event
from payment_worker.settings import settings

_OPTIONS = "-c statement_timeout=10s -c lock_timeout=2s"
_connection: psycopg.Connection[DictRow] | None = None


def database() -> psycopg.Connection[DictRow]:
    """The connection, made anew when it is not there or broken. Each statement commits outside `transaction()`."""
    global _connection
    if _connection is None or _connection.closed:
        _connection = psycopg.connect(
            settings().database_url,
            autocommit=True,
            row_factory=dict_row,
            application_name="payment-worker",
            connect_timeout=3,
            options=_OPTIONS,
        )
        info = _connection.info
        event(
            "database.connected",
            "connected to database %(db.namespace)s as %(db.user)s",
            {"db.namespace": info.dbname, "db.user": info.user, "db.system.name": "postgresql"},
        )
    return _connection
