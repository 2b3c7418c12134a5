import pytest
from django.db import connection

from messervices.foundations.documents import actions
from messervices.foundations.documents.apps import seal_is_given
from messervices.foundations.documents.invariants import invariants
from messervices.foundations.documents.tests.factories import issue
from messervices.foundations.documents.tests.test_rules import PDF
from messervices.foundations.students.tests.factories import NOW, agent

pytestmark = pytest.mark.django_db


def breaches() -> dict[str, int]:
    counted = {}
    with connection.cursor() as cursor:
        for invariant in invariants():
            cursor.execute(invariant.sql)
            counted[invariant.name] = cursor.fetchone()[0]
    return counted


def test_what_we_write_breaks_no_invariant() -> None:
    document = issue()
    actions.sealed_pdf(document.pk, NOW)
    actions.keep_paper(person_id=document.person_id, name="a.pdf", content=PDF, by=agent(), now=NOW)
    assert set(breaches().values()) == {0}


@pytest.mark.parametrize(
    ("damage", "which"),
    [
        ("""update documents_document set contents = contents || '{"amount_cents": 1}'""", "contents have their hash"),
        ("update documents_paper set size = size + 1", "hash and its size"),
        ("update documents_documentfile set sealed_at = sealed_at - interval '1 day'", "belongs to its document"),
    ],
)
def test_the_audit_sees_what_somebody_changed_behind_the_triggers(damage: str, which: str) -> None:
    document = issue()
    actions.sealed_pdf(document.pk, NOW)
    actions.keep_paper(person_id=document.person_id, name="a.pdf", content=PDF, by=agent(), now=NOW)
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        cursor.execute("set local role msv_owner")
        for table in ("document", "documentfile", "paper"):
            cursor.execute(f"alter table documents_{table} disable trigger user")
        cursor.execute(damage)
        cursor.execute("reset role")
    assert [name for name, count in breaches().items() if count and which in name]


def test_a_real_installation_without_seal_or_key_is_told_at_the_deployment_check(settings) -> None:
    settings.DEMO, settings.SEAL_PKCS12, settings.DOCUMENT_NUMBER_KEY = False, "", ""
    assert [error.id for error in seal_is_given()] == ["documents.SEAL_PKCS12", "documents.DOCUMENT_NUMBER_KEY"]
    settings.DEMO = True
    assert seal_is_given() == []
