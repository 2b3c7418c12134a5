"""What the tests of the whole platform share: the world, made once a module."""

from collections.abc import Iterator

import pytest
from django.db import connection, transaction

from tests import world as worlds


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest test: begun last, it would leave the other worker idle for a minute."""
    items.sort(key=lambda item: "test_kills" not in item.nodeid)


@pytest.fixture(scope="module")
def august() -> Iterator[None]:
    """The clock says August 2026."""
    with worlds.in_august():
        yield


@pytest.fixture(scope="module")
def _in_one_transaction(django_db_setup: None, django_db_blocker) -> Iterator[None]:
    """Everything a module does is one transaction, undone at its end."""
    with django_db_blocker.unblock():
        whole = transaction.atomic()
        whole._from_testcase = True
        whole.__enter__()
        try:
            yield
        finally:
            transaction.set_rollback(True)
            whole.__exit__(None, None, None)
            connection.close()


@pytest.fixture(scope="module")
def world(august: None, _in_one_transaction: None) -> worlds.World:
    """The world, for tests that read it and change nothing that the next one needs."""
    return worlds.build()
