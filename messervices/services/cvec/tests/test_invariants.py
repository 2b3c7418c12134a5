"""The invariants hold after every deed, and each one sees its own breach."""

import pytest
from django.db import connection

from messervices.foundations.students.tests.factories import give_fact
from messervices.services.cvec.invariants import invariants
from messervices.services.cvec.models import Acquittement
from messervices.services.cvec.tests.factories import AcquittementFactory, acknowledge, paid_student, student

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
