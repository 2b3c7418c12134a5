"""What every test stands on: a database made by its owner, and tests that run as the application.

As the owner a test would see everything: row-level security and rights would be tested by nobody. Outside a request
a test acts over every Crous; a request made by the test client acts as whoever signed in, as in life.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, connections
from django.db.backends.postgresql.operations import DatabaseOperations

from messervices.foundations.crous.selectors import Kept
from messervices.kernel.scope import EVERY, Scope, acting_as

KEPT = re.compile(r"^(crous_(?!agent|referent|role_)|catalogue_|cvec_(beneficiary|shareterms)$)")
"""Reference tables: loaded once, and no test's clean-up empties them."""

_TRUNCATE_TRIGGERS = "select tgrelid::regclass::text, tgname from pg_trigger where tgtype & 32 > 0 and not tgisinternal"
_flush = DatabaseOperations.execute_sql_flush


def _without_kept(statement: str) -> str:
    """Take the reference tables out of a TRUNCATE."""
    tables = re.findall(r'"(\w+)"', statement)
    wanted = ", ".join(f'"{table}"' for table in tables if not KEPT.match(table))
    return f"TRUNCATE {wanted};"


def _flush_as_owner(operations: DatabaseOperations, sql_list: list[str]) -> None:
    """Empty the tables as their owner, past the triggers that refuse it: TRUNCATE is refused to everybody else."""
    with operations.connection.cursor() as cursor:
        cursor.execute("set role msv_owner")
        cursor.execute(_TRUNCATE_TRIGGERS)
        guarded = cursor.fetchall()
        for table, trigger in guarded:
            cursor.execute(f"alter table {table} disable trigger {trigger}")
    try:
        _flush(operations, [_without_kept(sql) if sql.startswith("TRUNCATE") else sql for sql in sql_list])
    finally:
        with operations.connection.cursor() as cursor:
            for table, trigger in guarded:
                cursor.execute(f"alter table {table} enable trigger {trigger}")
            cursor.execute("set role msv_app")


DatabaseOperations.execute_sql_flush = _flush_as_owner  # type: ignore[method-assign]


def pytest_addoption(parser: pytest.Parser) -> None:
    """How long the test of sequences of a bank's notices (T3) is, and where it begins."""
    parser.addoption("--t3", type=int, default=2000, help="how many sequences of a bank's notices are tried")
    parser.addoption("--t9", type=int, default=200, help="how many ends of a payer's link are tried")
    parser.addoption("--machine", type=int, default=25, help="how many lives of an order over all banks are tried (T1)")
    parser.addoption("--t3-seed", type=int, default=1, help="the first of them; each has its own seed")


def become(role: str) -> None:
    """Close the connection and open the next one as another role."""
    connection.close()
    for options in (connections.settings["default"]["OPTIONS"], connection.settings_dict["OPTIONS"]):
        options["options"] = re.sub(r"role=\w+", f"role={role}", options["options"])


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Make the database as its owner, with the reference data; then go on as the application."""
    with django_db_blocker.unblock():
        call_command("load_reference", verbosity=0)
        become("msv_app")
    yield
    with django_db_blocker.unblock():
        become("msv_owner")


@pytest.fixture(scope="session", autouse=True)
def _over_every_crous() -> Iterator[None]:
    """Outside a request, a test (and the making of its database) acts over every Crous."""
    with acting_as(Scope("test", crous=EVERY)):
        yield


@pytest.fixture(autouse=True)
def _reference_as_stored() -> Iterator[None]:
    """Forget the reference rows kept in memory: another test may have written some that were rolled back since."""
    Kept.forget_all()
    yield
    Kept.forget_all()
