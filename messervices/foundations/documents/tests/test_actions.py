import io
import threading
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from messervices.foundations.audit.models import Deed
from messervices.foundations.documents import actions, rules
from messervices.foundations.documents.models import Document, DocumentFile
from messervices.foundations.documents.providers import sealing
from messervices.foundations.documents.tests.factories import issue
from messervices.foundations.students.tests.factories import NOW, PersonFactory, agent
from messervices.kernel.errors import Refusal
from messervices.kernel.scope import EVERY, Scope, acting_as

pytestmark = pytest.mark.django_db
CNOUS = agent()
LATER = NOW + timedelta(days=1)


def jobs_for(name: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from procrastinate_jobs where task_name = %s", [name])
        return cursor.fetchone()[0]


# Issue --------------------------------------------------------------------------------------------------------------


def test_issuing_costs_two_queries_and_leaves_the_drawing_to_a_job() -> None:
    person = PersonFactory()
    with CaptureQueriesContext(
        connection,
    ) as queries:
        document = issue(person)
    assert [query["sql"].split()[0].lower() for query in queries] == ["insert", "select"]
    assert "procrastinate_defer_jobs" in queries[1]["sql"]
    assert jobs_for("foundations.documents.tasks.seal") == 1
    assert bytes(document.contents_sha256) == rules.contents_hash(document.contents)


@pytest.mark.django_db(transaction=True)
def test_issuing_outside_an_action_is_a_bug() -> None:
    person = PersonFactory()
    with pytest.raises(RuntimeError, match="inside an action"):
        issue(person)


def test_a_second_valid_paper_for_the_same_year_is_refused_by_the_database() -> None:
    person = PersonFactory()
    issue(person)
    with pytest.raises(IntegrityError, match="document_one_valid"), transaction.atomic():
        issue(person, serial=10_000_000)
    assert Document.objects.filter(person=person).count() == 1


def test_a_number_is_given_once() -> None:
    issue(PersonFactory(), serial=77)
    with pytest.raises(IntegrityError, match="number"), transaction.atomic():
        issue(PersonFactory(), serial=77)


def test_another_paper_may_follow_a_cancelled_one() -> None:
    first = issue(serial=1)
    actions.cancel(document_id=first.pk, reason="Paiement annulé par la banque.", by=CNOUS, now=NOW)
    second = issue(first.person, serial=2)
    assert second.cancelled_at is None


def test_papers_without_a_year_may_be_many() -> None:
    person = PersonFactory()
    issue(person, serial=1, year=None)
    issue(person, serial=2, year=None)


def test_the_database_computes_the_same_hash_as_we_do() -> None:
    odd = {
        "é": 'a"b\\c/\n\t\x01\x7f\u2028',
        "Z": [1, -2, True, None, {"b": {}, "a": []}],
        "a": "王😀",
        "10": 10**15,
        "9": "",
    }
    document = issue(contents=odd)
    with connection.cursor() as cursor:
        cursor.execute(
            "select documents_canonical(contents), documents_sha256(contents) = contents_sha256 "
            "from documents_document where id = %s",
            [document.pk],
        )
        written, same = cursor.fetchone()
    document.refresh_from_db()
    assert written.encode() == rules.canonical(document.contents)
    assert same


# Never changes ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change", [{"number": "VER6AAAAAA00"}, {"contents": {}}, {"template": "x"}, {"kind": "x"}, {"issued_at": LATER}]
)
def test_a_paper_never_changes_after_issue(change: dict) -> None:
    document = issue()
    with pytest.raises(IntegrityError, match="never changes"), transaction.atomic():
        Document.objects.filter(pk=document.pk).update(**change)


def test_the_owner_of_the_database_is_refused_too() -> None:
    document = issue()
    with connection.cursor() as cursor, pytest.raises(IntegrityError, match="never changes"), transaction.atomic():
        cursor.execute("set local role msv_owner")
        cursor.execute("update documents_document set contents = '{}' where id = %s", [document.pk])


def test_a_cancelled_paper_stays_cancelled() -> None:
    document = issue()
    actions.cancel(document_id=document.pk, reason="Erreur.", by=CNOUS, now=NOW)
    with pytest.raises(IntegrityError, match="is cancelled"), transaction.atomic():
        Document.objects.filter(pk=document.pk).update(cancelled_at=None, cancel_reason="")


def test_a_paper_is_never_deleted() -> None:
    document = issue()
    with pytest.raises(Exception, match=r"permission denied|never deleted"), transaction.atomic():
        Document.objects.filter(pk=document.pk).delete()
    with connection.cursor() as cursor, pytest.raises(IntegrityError, match="never deleted"), transaction.atomic():
        cursor.execute("set local role msv_owner")
        cursor.execute("delete from documents_document where id = %s", [document.pk])


def test_a_file_is_never_changed() -> None:
    document = issue()
    actions.sealed_pdf(document.pk, NOW)
    with pytest.raises(Exception, match=r"permission denied"), transaction.atomic():
        DocumentFile.objects.filter(pk=document.pk).update(pdf=b"")
    with connection.cursor() as cursor, pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        cursor.execute("set local role msv_owner")
        cursor.execute("update documents_documentfile set pdf = '' where document_id = %s", [document.pk])


def test_a_file_cannot_belong_to_another_person_than_its_paper() -> None:
    document, stranger = issue(), PersonFactory()
    made = {"document": document, "crous_id": 26, "pdf": b"", "recipe": "", "sealed_at": NOW}
    with pytest.raises(IntegrityError, match="document_file_whose"), transaction.atomic():
        DocumentFile.objects.create(person=stranger, **made)
        connection.check_constraints()


# Cancel ----------------------------------------------------------------------------------------------------------


def test_cancelling_twice_is_cancelling_once_with_the_first_reason() -> None:
    document = issue()
    assert actions.cancel(document_id=document.pk, reason="Impayé.", by=CNOUS, now=NOW)
    assert not actions.cancel(document_id=document.pk, reason="Autre chose.", by=CNOUS, now=LATER)
    document.refresh_from_db()
    assert (document.cancelled_at, document.cancel_reason) == (NOW, "Impayé.")
    assert Deed.objects.filter(verb="documents.cancel_document", person_id=document.person_id).count() == 1


def test_a_paper_is_cancelled_for_a_reason() -> None:
    with pytest.raises(ValueError, match="reason"):
        actions.cancel(document_id=issue().pk, reason="  ", by=CNOUS, now=NOW)


# Seal ------------------------------------------------------------------------------------------------------------


def test_a_paper_is_drawn_and_sealed_once() -> None:
    document = issue()
    first = actions.sealed_pdf(document.pk, NOW)
    assert actions.sealed_pdf(document.pk, LATER) == first
    file = DocumentFile.objects.get(document=document)
    assert (bytes(file.pdf), file.sealed_at) == (first, NOW)
    assert file.recipe.startswith("typst ")


def test_what_was_sealed_can_be_validated() -> None:
    pdf = actions.sealed_pdf(issue().pk, NOW)
    (signature,) = PdfFileReader(io.BytesIO(pdf)).embedded_signatures
    trust = ValidationContext(trust_roots=[sealing.sealer().certificate], moment=NOW)  # type: ignore[attr-defined]
    status = validate_pdf_signature(signature, signer_validation_context=trust)
    assert status.bottom_line
    assert status.coverage.name == "ENTIRE_FILE"


def test_a_cancelled_paper_is_not_handed_over_even_when_it_was_drawn() -> None:
    document = issue()
    actions.sealed_pdf(document.pk, NOW)
    actions.cancel(document_id=document.pk, reason="Erreur.", by=CNOUS, now=NOW)
    with pytest.raises(Refusal) as refused:
        actions.sealed_pdf(document.pk, NOW)
    assert refused.value.code == "document_cancelled"


def test_who_may_not_see_a_paper_cannot_have_it_drawn() -> None:
    document, other = issue(), PersonFactory()
    with acting_as(Scope("other", person=other.pk)), pytest.raises(Document.DoesNotExist):
        actions.sealed_pdf(document.pk, NOW)
    with acting_as(Scope("own", person=document.person_id)):
        assert actions.sealed_pdf(document.pk, NOW).startswith(b"%PDF")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("guarded", [True, False])
def test_of_eight_sealers_one_file_stays_and_all_give_it(guarded: bool, monkeypatch) -> None:
    """Without the guard (the control) the eight would give eight different files: each seal is new."""
    with transaction.atomic():
        document = issue()
    if not guarded:
        from messervices.foundations.documents.actions import seal

        monkeypatch.setattr(seal, "_keep", lambda _document, sealed, _now: sealed)
    given: list[bytes] = []
    gate = threading.Barrier(8)

    def take(place: int) -> None:
        with acting_as(Scope("test", crous=EVERY)):
            gate.wait()
            given.append(actions.sealed_pdf(document.pk, NOW + timedelta(seconds=place)))
        connection.close()

    threads = [threading.Thread(target=take, args=(place,)) for place in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(given) == 8
    assert len(set(given)) == (1 if guarded else 8)
    assert DocumentFile.objects.count() == int(guarded)
