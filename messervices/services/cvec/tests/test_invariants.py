"""The invariants hold after every deed, and each one sees its own breach."""

import pytest
from django.db import connection

from messervices.foundations.students.tests.factories import give_fact
from messervices.services.cvec.invariants import invariants
from messervices.services.cvec.models import Acquittement, Affiliation, RollEntry, RollFile
from messervices.services.cvec.tests.factories import AcquittementFactory, acknowledge, paid_student, student
from messervices.services.cvec.tests.rolls import INSA, UVSQ, certified, daughter_of, file_in, line_of

pytestmark = [pytest.mark.django_db]


def broken() -> set[str]:
    names = set()
    for invariant in invariants():
        with connection.cursor() as cursor:
            cursor.execute(invariant.sql)
            if cursor.fetchone()[0]:
                names.add(invariant.name)
    return names


def test_they_hold_when_everything_went_its_way() -> None:
    paid_student()
    acknowledge(student(boursier=True))
    acknowledge(student())
    assert broken() == set()


def test_a_captured_order_without_certificate_is_seen() -> None:
    paid = paid_student()
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        cursor.execute(
            "set role msv_owner; alter table cvec_acquittement drop constraint acquittement_whole; set role msv_app"
        )
        cursor.execute("update cvec_acquittement set document_id = null where id = %s", [paid.pk])
    assert "every captured CVEC order has exactly one certificate" in broken()
    assert "every certificate has its order or its exempting fact" in broken()


def test_an_exempt_certificate_without_its_fact_is_seen() -> None:
    AcquittementFactory(exempt=True)
    assert {
        "every certificate has its order or its exempting fact",
        "every valid certificate is known as a fact",
    } <= broken()


@pytest.mark.parametrize(
    ("motive", "kind", "value", "grounded"),
    [
        ("BCS", "boursier", True, True),
        ("ASAA", "annual_allowance", True, True),
        ("BCS", "annual_allowance", True, False),
        ("BCS", "boursier", False, False),
        ("BCS", "boursier", 0, False),
        ("REFUGIE", "boursier", True, False),
    ],
)
def test_an_exempt_certificate_stands_on_a_true_fact_of_its_motive(
    motive: str, kind: str, value: object, grounded: bool
) -> None:
    exempt = AcquittementFactory(exempt=True, motive=motive)
    give_fact(exempt.person, kind, value)
    assert ("every certificate has its order or its exempting fact" not in broken()) == grounded


def test_two_valid_certificates_in_a_year_are_seen() -> None:
    first = AcquittementFactory(exempt=True, motive="REFUGIE")
    with connection.cursor() as cursor:
        cursor.execute(
            "set role msv_owner; drop index acquittement_one_a_year; drop index document_one_valid; set role msv_app"
        )
    AcquittementFactory(exempt=True, motive="REFUGIE", person=first.person)
    assert Acquittement.objects.filter(person=first.person).count() == 2
    assert "at most one valid certificate for a student and year" in broken()


def _a_taken_list() -> RollFile:
    """A list with students of the establishment and of its daughter, and a line that was refused."""
    daughter_of(UVSQ, INSA)
    mine, hers = certified(2)
    return file_in(line_of(mine), line_of(hers, INSA), "seul")


LISTS = (
    "every student listed has a certificate of that year, theirs",
    "an establishment lists for itself and its validated daughters alone",
    "what a taken file keeps is what it refused",
    "every line of a taken file was added, corrected, there already, or refused",
)


def test_those_of_the_lists_hold_after_a_file_was_taken() -> None:
    _a_taken_list()
    assert not broken() & set(LISTS)


def test_each_breach_of_a_list_is_seen() -> None:
    file = _a_taken_list()
    RollEntry.objects.filter(establishment=UVSQ).update(year=2025)
    assert LISTS[0] in broken()
    Affiliation.objects.all().delete()
    assert LISTS[1] in broken()
    file.rows.all().delete()
    assert LISTS[2] in broken()
    RollFile.objects.update(lines=99)
    assert LISTS[3] in broken()
