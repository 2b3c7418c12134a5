import pytest
from django.db import connection

from messervices.foundations.documents import actions
from messervices.foundations.documents.apps import scanner_is_given, seal_is_given
from messervices.foundations.documents.invariants import invariants
from messervices.foundations.documents.tests.factories import hand_in, issue, proof
from messervices.foundations.students.tests.factories import NOW, PersonFactory

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
    proof(document.person)
    hand_in(document.person)
    assert set(breaches().values()) == {0}


@pytest.mark.parametrize(
    ("damage", "which"),
    [
        ("""update documents_document set contents = contents || '{"amount_cents": 1}'""", "contents have their hash"),
        ("update documents_paper set size = size + 1", "hash and its size"),
        ("update documents_paper set content = null", "without a clean verdict"),
        ("update documents_upload set status = 'clean', raw = null, settled_at = now()", "without a clean verdict"),
        ("update documents_upload set raw = 'x' where raw is not null", "until the verdict"),
        ("update documents_upload set shred_on = '2026-01-01'", "day of destruction"),
        ("update documents_paper set person_id = (select max(id) from students_person)", "folder's person"),
        ("update documents_documentfile set sealed_at = sealed_at - interval '1 day'", "belongs to its document"),
    ],
)
def test_the_audit_sees_what_somebody_changed_behind_the_triggers(damage: str, which: str) -> None:
    document = issue()
    actions.sealed_pdf(document.pk, NOW)
    proof(document.person)
    hand_in(document.person)
    PersonFactory()
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        cursor.execute("set local role msv_owner")
        for table in ("document", "documentfile", "paper", "upload"):
            cursor.execute(f"alter table documents_{table} disable trigger user")
        cursor.execute("alter table documents_paper drop constraint paper_upload_whose")
        cursor.execute(damage)
        cursor.execute("reset role")
    assert [name for name, count in breaches().items() if count and which in name]


def test_a_real_installation_without_seal_or_key_is_told_at_the_deployment_check(settings) -> None:
    settings.DEMO, settings.SEAL_PKCS12, settings.DOCUMENT_NUMBER_KEY = False, "", ""
    assert [error.id for error in seal_is_given()] == ["documents.SEAL_PKCS12", "documents.DOCUMENT_NUMBER_KEY"]
    settings.DEMO = True
    assert seal_is_given() == []


def test_a_real_installation_without_antivirus_or_with_the_demonstrations_is_told(settings) -> None:
    settings.DEMO = False
    for named in ("", "demo"):
        settings.CLAMAV = named
        assert [error.id for error in scanner_is_given()] == ["documents.CLAMAV"]
    settings.CLAMAV = "/run/clamav/clamd.ctl"
    assert scanner_is_given() == []
    settings.DEMO, settings.CLAMAV = True, "demo"
    assert scanner_is_given() == []
