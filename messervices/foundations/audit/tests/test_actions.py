"""Deeds are only ever added, and any change of what was written shows."""

import threading
from datetime import UTC, datetime

import pytest
from django.db import DatabaseError, connection, transaction

from messervices.foundations.audit import actions, selectors
from messervices.foundations.audit.models import Deed, Read
from messervices.kernel.actor import Actor
from messervices.kernel.scope import NOBODY, Scope, acting_as

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime(2026, 8, 28, 12, 0, tzinfo=UTC)
AGENT = Actor(kind="agent", user_id=5, label="M. Petit, bourses", crous_ids=(26,))


def record(number: int = 1) -> None:
    with transaction.atomic():
        actions.record(
            by=AGENT, verb="students.correct_fact", subject=f"students.person:{number}", now=NOW, person_id=number,
            details={"kind": "birth_name", "é": [1, None]},
        )  # fmt: skip


def breaks() -> int:
    with connection.cursor() as cursor:
        cursor.execute("select audit_breaks()")
        return int(cursor.fetchone()[0])


def tamper(statement: str) -> None:
    """Do what only who owns the database could, triggers off."""
    with connection.cursor() as cursor:
        cursor.execute("set role msv_owner")
        cursor.execute("alter table audit_deed disable trigger user")
        cursor.execute(statement)
        cursor.execute("alter table audit_deed enable trigger user")
        cursor.execute("set role msv_app")


def test_the_chain_is_whole_after_many_deeds_from_several_hands() -> None:
    def work() -> None:
        for number in range(1, 30):
            record(number)
        connection.close()

    before = Deed.objects.count()  # the reference data, when no test has emptied the tables yet
    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Deed.objects.count() == before + 116
    assert breaks() == 0


@pytest.mark.parametrize(
    "statement",
    [
        "update audit_deed set reason = 'autre' where id = (select max(id) from audit_deed)",
        "update audit_deed set person_id = 99 where id = (select min(id) from audit_deed)",
        "update audit_deed set details = '{}' where id = (select min(id) from audit_deed)",
        "delete from audit_deed where id = (select min(id) from audit_deed)",
        "delete from audit_deed where id = (select max(id) from audit_deed)",
        "update audit_deed d set seq = seq + 7 where id = (select max(id) from audit_deed)",
    ],
)
def test_any_change_of_what_was_written_shows(statement: str) -> None:
    for number in range(1, 200):
        record(number)
    assert breaks() == 0
    tamper(statement)
    assert breaks() > 0


def test_a_cut_tail_shows_against_the_heads_written_outside_even_if_the_heads_were_cut_too() -> None:
    record()
    record()
    anchored = selectors.heads()
    assert selectors.broken_anchors(anchored) == 0
    tamper("delete from audit_deed")
    tamper("delete from audit_head")
    assert breaks() == 0
    assert selectors.broken_anchors(anchored) == len(anchored)


@pytest.mark.parametrize(
    "statement", ["update audit_deed set verb = ''", "delete from audit_deed", "update audit_head set seq = 0"]
)
def test_the_application_adds_and_nothing_else(statement: str) -> None:
    record()
    with pytest.raises(DatabaseError), connection.cursor() as cursor:
        cursor.execute(statement)


def test_a_deed_never_stands_outside_the_transaction_that_does_it() -> None:
    with pytest.raises(RuntimeError):
        actions.record(by=AGENT, verb="x.y", subject="x:1", now=NOW)


def test_anybody_may_leave_a_deed_and_only_those_concerned_see_it() -> None:
    with acting_as(NOBODY):
        record(7)
        assert not Deed.objects.exists()
    with acting_as(Scope("person", person=7)):
        assert [deed.verb for deed in selectors.deeds_of(7)] == ["students.correct_fact"]
    with acting_as(Scope("agent", crous=(12,))):
        assert not Deed.objects.exists()


def test_a_reading_is_shown_to_the_person_with_its_office_and_reason() -> None:
    actions.record_read(by=AGENT, person_id=7, crous_id=26, what="dossier", reason="conflit d’INE", now=NOW)
    with acting_as(Scope("person", person=7)):
        read = selectors.reads_of(7)[0]
    assert (read.agent_label, read.crous_id, read.reason) == ("M. Petit, bourses", 26, "conflit d’INE")
    with pytest.raises(DatabaseError):
        Read.objects.all().delete()
