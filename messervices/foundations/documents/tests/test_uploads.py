"""What becomes of a file handed in: quarantine, verdict, paper, and what the database itself refuses."""

import io
from datetime import timedelta
from unittest import mock

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from PIL import Image

from messervices.foundations.documents import actions, selectors, tasks
from messervices.foundations.documents.models import Folder, Paper, Upload
from messervices.foundations.documents.providers import jail, scanner
from messervices.foundations.documents.states import SHOWN, STEPS, Reason, Status
from messervices.foundations.documents.tests import honest
from messervices.foundations.documents.tests.factories import (
    LATER,
    OTHER,
    PICTURES,
    STAY,
    SUBJECT,
    deeds,
    hand_in,
    proof,
    refused,
    withdraw,
)
from messervices.foundations.documents.tests.test_invariants import breaches
from messervices.foundations.students.tests.factories import NOW, PersonFactory, agent, student, user_of
from messervices.kernel.errors import ProviderUnavailable
from messervices.kernel.scope import Scope, acting_as

pytestmark = pytest.mark.django_db

# From quarantine to paper ---------------------------------------------------------------------------------------------


def test_a_file_is_in_quarantine_until_the_verdict_and_then_its_first_bytes_are_gone() -> None:
    upload = hand_in(name="Mon relevé.PDF")
    upload.refresh_from_db()
    assert (upload.status, bytes(upload.raw or b"")) == ("received", honest.pdf())
    assert not Paper.objects.exists()
    assert not selectors.are_ready(SUBJECT, upload.person_id)
    assert actions.check_upload(upload.pk, LATER) == "clean"
    upload.refresh_from_db()
    assert (upload.status, upload.raw, upload.settled_at) == ("clean", None, LATER)
    paper = Paper.objects.get(upload=upload)
    assert (paper.name, paper.media_type, paper.pages) == ("Mon relevé.pdf", "application/pdf", 1)
    assert bytes(paper.content or b"").startswith(b"%PDF")
    assert list(selectors.papers_of(upload.person_id)) == [paper]
    assert selectors.are_ready(SUBJECT, upload.person_id, [STAY, OTHER])
    assert deeds(upload) == ["receive_upload", "accept_upload"]
    assert set(breaches().values()) == {0}


def test_checking_again_changes_nothing() -> None:
    upload = hand_in()
    assert actions.check_upload(upload.pk, NOW) == actions.check_upload(upload.pk, LATER) == "clean"
    assert Paper.objects.count() == 1
    assert deeds(upload) == ["receive_upload", "accept_upload"]
    assert actions.check_upload(0, NOW) == ""


def test_a_photo_of_a_phone_becomes_a_jpeg_under_its_true_ending() -> None:
    paper = proof(content=honest.picture("HEIF"), name="IMG_0042.HEIC")
    assert (paper.name, paper.media_type) == ("IMG_0042.jpg", "image/jpeg")
    assert Image.open(io.BytesIO(bytes(paper.content or b""))).size == (640, 480)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (honest.pdf(61), "too_many_pages"), (b"%PDF-1.7\nno\n%%EOF\n", "damaged"),
        (honest.picture("JPEG", comment=honest.EICAR), "infected"),
    ],
)  # fmt: skip
def test_what_the_check_refuses_says_why_and_leaves_nothing(content: bytes, reason: str) -> None:
    upload = hand_in(content=content)
    assert actions.check_upload(upload.pk, NOW) == "refused"
    upload.refresh_from_db()
    assert (upload.reason, upload.raw) == (reason, None)
    assert upload.sentence == str(Reason(reason).label)
    assert not Paper.objects.exists()
    assert deeds(upload) == ["receive_upload", "refuse_upload"]
    assert not selectors.are_ready(SUBJECT, upload.person_id)
    assert set(breaches().values()) == {0}


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "upload_empty"), (b"MZ\x90", "upload_unknown_type"), (honest.EICAR, "upload_unknown_type"),
        (b"\xff\xd8\xff" + bytes(10 * 1024 * 1024) + b"\xff\xd9", "upload_too_big"),
    ],
)  # fmt: skip
def test_what_is_refused_at_sight_is_never_stored(content: bytes, code: str) -> None:
    assert refused(lambda: hand_in(content=content)) == code
    assert not Upload.objects.exists()


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd.pdf", "passwd.pdf"), ("C:\\papiers\\titre.pdf", "titre.pdf"),
        ("facture\u202efdp.exe", "facture fdp.exe"), ("a\0b\r\nc.pdf", "a b c.pdf"), ("é" * 300, "é" * 90),
        ("", "justificatif"), ("...", "justificatif"), ("نور.pdf", "نور.pdf"),
    ],
)  # fmt: skip
def test_an_odd_name_loses_its_tricks(name: str, shown: str) -> None:
    upload = hand_in(name=name)
    assert upload.name == shown
    actions.check_upload(upload.pk, NOW)
    assert Paper.objects.get().name.endswith(".pdf")


def test_the_same_bytes_again_in_a_slot_are_one_upload() -> None:
    person = PersonFactory()
    first = hand_in(person)
    assert hand_in(person, name="autre nom.pdf").pk == first.pk
    assert hand_in(person, slot=OTHER.code).pk != first.pk
    assert deeds(first) == ["receive_upload"]
    with pytest.raises(IntegrityError, match="upload_once_a_slot"), transaction.atomic():
        Upload.objects.create(
            folder=first.folder, person=person, crous_id=26, slot=first.slot, name="x", raw=honest.pdf(), size=1,
            sha256=bytes(first.sha256), received_at=NOW, shred_on=NOW.date(),
        )  # fmt: skip


def test_receiving_and_checking_cost_a_known_number_of_queries() -> None:
    person = PersonFactory()
    by = student(user_of(person))
    with CaptureQueriesContext(connection) as received:
        upload = hand_in(person, by=by)
    with CaptureQueriesContext(connection) as checked:
        actions.check_upload(upload.pk, NOW)

    def asked(queries: CaptureQueriesContext) -> int:
        return sum(not query["sql"].startswith(("SAVEPOINT", "RELEASE")) for query in queries)

    assert (asked(received), asked(checked)) == (10, 7)


# Shares and slots -----------------------------------------------------------------------------------------------------


def test_a_slot_holds_so_many_files_and_a_refused_one_takes_no_room() -> None:
    person = PersonFactory()
    first = hand_in(person, b"%PDF-1.7\nno\n%%EOF\n", max_files=2)
    actions.check_upload(first.pk, NOW)
    second = hand_in(person, PICTURES[0], max_files=2)
    hand_in(person, PICTURES[1], max_files=2)
    assert refused(lambda: hand_in(person, PICTURES[2], max_files=2)) == "upload_slot_full"
    withdraw(second)
    hand_in(person, PICTURES[2], max_files=2)


def test_nobody_hands_in_files_without_end(settings) -> None:
    person = PersonFactory()
    settings.UPLOADS_A_PERSON = 2
    hand_in(person, PICTURES[0])
    hand_in(person, PICTURES[1])
    assert refused(lambda: hand_in(person, PICTURES[2], subject="test.request:2")) == "uploads_too_many"
    settings.UPLOADS_A_PERSON, settings.UPLOAD_BYTES_A_PERSON = 100, sum(map(len, PICTURES[:2])) + 10
    assert refused(lambda: hand_in(person, PICTURES[2])) == "uploads_too_many"
    settings.UPLOAD_BYTES_A_PERSON, settings.UPLOADS_AN_HOUR = 10**9, 2
    assert refused(lambda: hand_in(person, PICTURES[2])) == "uploads_too_fast"
    assert hand_in(person, PICTURES[2], now=NOW + timedelta(hours=2))
    hand_in(PersonFactory(), PICTURES[2], subject="test.request:9")


# What the database itself refuses -------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["received", "checking", "refused", "withdrawn"])
def test_no_paper_has_bytes_without_a_clean_verdict(status: str) -> None:
    upload = hand_in()
    settled = {} if status in {"received", "checking"} else {"raw": None, "settled_at": NOW}
    reason = "damaged" if status == "refused" else ""
    Upload.objects.filter(pk=upload.pk).update(status=status, reason=reason, **settled)
    with pytest.raises(IntegrityError, match="clean verdict"), transaction.atomic():
        Paper.objects.create(
            upload=upload, person=upload.person, name="x", media_type="image/png", content=b"x", size=1, sha256=b"",
            received_at=NOW,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"content": b"x"}, "never change"), ({"name": "x", "shredded_at": NOW, "content": None}, "shredded_is_empty"),
        ({"shredded_at": NOW}, "never change"), ({"received_at": LATER}, "permission denied"),
    ],
)  # fmt: skip
def test_the_bytes_of_a_paper_never_change(change: dict, what: str) -> None:
    paper = proof()
    with pytest.raises(Exception, match=what), transaction.atomic():
        Paper.objects.filter(pk=paper.pk).update(**change)


def test_what_was_destroyed_does_not_come_back() -> None:
    paper = proof()
    withdraw(paper.upload)
    with pytest.raises(IntegrityError, match="is shredded"), transaction.atomic():
        Paper.objects.filter(pk=paper.pk).update(content=b"x", shredded_at=None)
    with pytest.raises(IntegrityError, match="entered once"), transaction.atomic():
        Upload.objects.filter(pk=paper.upload_id).update(raw=b"x", status="received", settled_at=None)


@pytest.mark.parametrize("change", [{"sha256": b"x"}, {"slot": "x"}, {"identity": True}, {"size": 9}])
def test_an_upload_stays_what_it_was(change: dict) -> None:
    upload = hand_in()
    with pytest.raises(IntegrityError, match="stays what it is"), transaction.atomic():
        Upload.objects.filter(pk=upload.pk).update(**change)


def test_nothing_is_deleted() -> None:
    paper = proof()
    for rows in (Paper.objects.filter(pk=paper.pk), Upload.objects.all(), Folder.objects.all()):
        with pytest.raises(Exception, match="permission denied"), transaction.atomic():
            rows._raw_delete(rows.db)


@pytest.mark.parametrize("before", Status.values)
@pytest.mark.parametrize("after", Status.values)
def test_the_database_knows_the_same_steps_as_the_table(before: str, after: str) -> None:
    """Every way from one state to another: the table's, or refused. Written by its owner past the constraints."""
    told = {
        (source, target) for sources, target in STEPS.steps.values() for source in sources
    } | {(Status.RECEIVED, Status.RECEIVED), (Status.CHECKING, Status.RECEIVED)}  # fmt: skip
    upload = hand_in()
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        cursor.execute("set local role msv_owner")
        for name in ("upload_raw_until_verdict", "upload_refused_for_a_reason"):
            cursor.execute(f"alter table documents_upload drop constraint {name}")
        cursor.execute("alter table documents_upload disable trigger user")
        cursor.execute("update documents_upload set status = %s where id = %s", [before, upload.pk])
        cursor.execute("alter table documents_upload enable trigger user")
        cursor.execute("reset role")
        if before == after or (before, after) in told:
            cursor.execute("update documents_upload set status = %s where id = %s", [after, upload.pk])
        else:
            with pytest.raises(IntegrityError, match="does not go"), transaction.atomic():
                cursor.execute("update documents_upload set status = %s where id = %s", [after, upload.pk])


@pytest.mark.parametrize("status", Status.values)
@pytest.mark.parametrize("step", list(STEPS.steps))
def test_every_step_is_open_from_the_states_of_the_table_and_from_no_other(step: str, status: str) -> None:
    open_from = {"withdraw": SHOWN, "replace": SHOWN}
    if step in open_from:
        assert (step in STEPS.open_steps(status)) == (status in open_from[step])
    if status == Status.SHREDDED:
        assert STEPS.open_steps(status) == ()


# The scanner is silent ------------------------------------------------------------------------------------------------


def test_while_the_scanner_is_silent_the_file_waits_unread_and_the_sweep_ends_it(settings) -> None:
    upload = hand_in()
    settings.CLAMAV = "/nowhere/clamd.ctl"
    with pytest.raises(ProviderUnavailable):
        actions.check_upload(upload.pk, NOW)
    tasks.check(upload_id=upload.pk, now=NOW)
    tasks.sweep_uploads(now=LATER)
    upload.refresh_from_db()
    assert upload.status == "received"
    assert not selectors.papers_of(upload.person_id).exists()
    settings.CLAMAV = "demo"
    tasks.sweep_uploads(now=NOW)
    upload.refresh_from_db()
    assert upload.status == "received", "too young for the sweep: its own job has it"
    tasks.sweep_uploads(now=LATER)
    upload.refresh_from_db()
    assert upload.status == "clean"


def test_a_scanner_that_dies_between_its_two_looks_leaves_the_file_waiting() -> None:
    upload = hand_in()
    looks = iter(["", ProviderUnavailable("documents.scanner")])

    def dying(_self: object, _content: bytes) -> str:
        said = next(looks)
        if isinstance(said, Exception):
            raise said
        return said

    with mock.patch.object(scanner.DemoScanner, "scan", dying), pytest.raises(ProviderUnavailable):
        actions.check_upload(upload.pk, NOW)
    upload.refresh_from_db()
    assert upload.status == "checking"
    tasks.sweep_uploads(now=LATER)
    upload.refresh_from_db()
    assert upload.status == "clean"


@pytest.mark.parametrize("broken", [ProviderUnavailable("documents.jail"), RuntimeError("a bug")])
def test_one_file_that_cannot_be_opened_now_does_not_hold_up_the_others(broken: Exception) -> None:
    bad, good = hand_in(), hand_in(subject="test.request:2", content=PICTURES[0])
    real = jail.anew

    def sometimes(content: bytes, media: str) -> jail.Answer:
        if media == "application/pdf":
            raise broken
        return real(content, media)

    with mock.patch.object(jail, "anew", sometimes):
        tasks.sweep_uploads(now=LATER)
    bad.refresh_from_db()
    good.refresh_from_db()
    assert (bad.status, good.status) == ("checking", "clean")


# Who may see ----------------------------------------------------------------------------------------------------------


def test_an_upload_is_seen_by_the_person_and_the_crous_that_asks() -> None:
    upload = hand_in(PersonFactory(crous_ids=[10, 26]))
    for scope, seen in (
        (agent(26).scope, True), (agent(10).scope, False), (agent().scope, True),
        (Scope("own", person=upload.person_id), True), (Scope("other", person=PersonFactory().pk), False),
    ):  # fmt: skip
        with acting_as(scope):
            assert selectors.uploads_of(SUBJECT, upload.person_id).exists() == seen
            assert Folder.objects.exists() == seen
