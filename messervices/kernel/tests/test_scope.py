"""The connection follows the scope in force, and forgets it."""

import pytest
from django.db import connection, transaction

from messervices.kernel.action import action, inside_action
from messervices.kernel.scope import NOBODY, Scope, acting_as, current

pytestmark = pytest.mark.django_db(transaction=True)


def told() -> tuple[str, str, str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "select current_setting('app.crous', true), current_setting('app.person', true),"
            " current_setting('app.actor', true)"
        )
        return cursor.fetchone()


def test_the_database_is_told_whose_rows_may_be_seen() -> None:
    with acting_as(Scope("agent", crous=(3, 26))):
        assert told() == ("{3,26}", "", "agent")
        with acting_as(Scope("student", person=7)):
            assert told() == ("", "7", "student")
        assert told() == ("{3,26}", "", "agent")
    with acting_as(NOBODY):
        assert told() == ("", "", "nobody")


def test_a_rollback_does_not_leave_the_wrong_scope_behind() -> None:
    with acting_as(Scope("first", person=1)):
        told()
        with pytest.raises(RuntimeError), transaction.atomic(), acting_as(Scope("second", person=2)):
            assert told()[1] == "2"
            raise RuntimeError
        assert told()[1] == "1"
        with transaction.atomic():
            with pytest.raises(RuntimeError), transaction.atomic(), acting_as(Scope("third", person=3)):
                assert told()[1] == "3"
                raise RuntimeError
            assert told()[1] == "1"


def test_the_scope_ends_with_its_block() -> None:
    before = current()
    with acting_as(Scope("x")):
        pass
    assert current() is before


def test_an_action_is_the_outermost_transaction_and_a_room_is_never_alone() -> None:
    @inside_action
    def room() -> str:
        return "done"

    @action
    def door() -> str:
        return room()

    assert door() == "done"
    with pytest.raises(RuntimeError):
        room()
    with transaction.atomic(), pytest.raises(RuntimeError):
        door()


def test_the_tests_run_as_the_application() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "select current_user, rolsuper or rolbypassrls or rolcreatedb from pg_roles where rolname = current_user"
        )
        assert cursor.fetchone() == ("msv_app", False)
