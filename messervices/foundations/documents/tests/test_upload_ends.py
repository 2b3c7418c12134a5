"""A file replaced, withdrawn, closed in, destroyed; and several who do it at once."""

import threading
from collections.abc import Callable
from datetime import timedelta
from unittest import mock

import pytest
from django.db import connection, transaction

from messervices.foundations.documents import actions, selectors, tasks
from messervices.foundations.documents.actions import receive
from messervices.foundations.documents.models import Folder, Paper, Upload
from messervices.foundations.documents.providers import jail
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
    replace,
    withdraw,
)
from messervices.foundations.documents.tests.test_invariants import breaches
from messervices.foundations.students.models import Person
from messervices.foundations.students.tests.factories import NOW, PersonFactory, student, user_of
from messervices.kernel.errors import Refusal
from messervices.kernel.scope import EVERY, Scope, acting_as

pytestmark = pytest.mark.django_db

# Replace, withdraw, close ---------------------------------------------------------------------------------------------


def test_replacing_puts_a_new_file_in_the_slot_and_destroys_the_old_one_at_once() -> None:
    old = proof(identity=True, purpose="exonération de CVEC").upload
    new = replace(old, PICTURES[0])
    old.refresh_from_db()
    assert (old.status, old.raw) == ("replaced", None)
    assert (new.slot, new.identity, new.purpose, new.status) == (old.slot, True, old.purpose, "received")
    paper = Paper.objects.get(upload=old)
    assert (paper.content, paper.name, paper.shredded_at) == (None, "", LATER)
    assert list(selectors.uploads_of(old.folder.subject, old.person_id)) == [new]
    assert deeds(old)[-1] == "replace_upload"
    assert set(breaches().values()) == {0}


def test_replacing_a_file_by_itself_or_by_its_neighbour_doubles_nothing() -> None:
    person = PersonFactory()
    one, two = hand_in(person, PICTURES[0]), hand_in(person, PICTURES[1])
    assert replace(one, PICTURES[0]).pk == one.pk
    assert replace(one, PICTURES[1]).pk == two.pk
    assert [upload.pk for upload in selectors.uploads_of(SUBJECT, person.pk)] == [two.pk]
    assert refused(lambda: replace(one, PICTURES[2])) == "upload_gone"


def test_withdrawing_twice_is_withdrawing_once() -> None:
    upload = proof().upload
    withdraw(upload)
    withdraw(upload)
    assert deeds(upload) == ["receive_upload", "accept_upload", "withdraw_upload"]
    assert not selectors.papers_of(upload.person_id).exists()
    assert set(breaches().values()) == {0}
    assert refused(lambda: replace(upload, PICTURES[0])) == "upload_gone"


def test_a_file_withdrawn_during_its_check_stays_withdrawn() -> None:
    upload = hand_in()

    def meanwhile(content: bytes, media: str) -> jail.Answer:
        withdraw(upload)
        return jail.Answer(media="application/pdf", content=content, pages=1)

    with mock.patch.object(jail, "anew", meanwhile):
        assert actions.check_upload(upload.pk, NOW) == "withdrawn"
    assert not Paper.objects.exists()
    assert set(breaches().values()) == {0}


def test_a_closed_folder_takes_and_gives_nothing_until_it_is_opened_again() -> None:
    upload = hand_in()
    actions.close_folder(subject=SUBJECT, person_id=upload.person_id, crous_id=26, now=NOW)
    actions.close_folder(subject=SUBJECT, person_id=upload.person_id, crous_id=26, now=LATER)
    assert Folder.objects.get().closed_at == NOW
    for deed in (
        lambda: hand_in(upload.person, PICTURES[0]),
        lambda: replace(upload, PICTURES[0]),
        lambda: withdraw(upload),
    ):
        assert refused(deed) == "upload_folder_closed"
    assert actions.check_upload(upload.pk, NOW) == "clean", "what waits is still checked"
    actions.open_folder(subject=SUBJECT, person_id=upload.person_id)
    hand_in(upload.person, PICTURES[0])


def test_a_folder_can_be_closed_before_anything_is_in_it() -> None:
    person = PersonFactory()
    actions.close_folder(subject=SUBJECT, person_id=person.pk, crous_id=26, now=NOW)
    assert refused(lambda: hand_in(person)) == "upload_folder_closed"


def test_a_folder_is_one_persons(settings) -> None:
    hand_in()
    with pytest.raises(Folder.DoesNotExist):
        hand_in(PersonFactory())


def test_who_may_not_see_a_person_cannot_hand_in_for_them() -> None:
    person, other = PersonFactory(), PersonFactory()
    by = student(user_of(other))
    with acting_as(by.scope), pytest.raises(Person.DoesNotExist):
        actions.receive_upload(
            by=by, person_id=person.pk, crous_id=26, subject=SUBJECT, slot="x", name="a", content=honest.pdf(),
            identity=False, now=NOW,
        )  # fmt: skip


# Destroyed ------------------------------------------------------------------------------------------------------------


def test_what_is_decided_is_destroyed_on_its_day_and_its_row_stays() -> None:
    paper = proof()
    upload, day = paper.upload, NOW.date() + timedelta(days=183)
    assert actions.shred_later(subject=upload.folder.subject, on=day) == 1
    tasks.shred(now=NOW + timedelta(days=182))
    assert selectors.papers_of(paper.person_id).exists()
    for _turn in range(2):
        tasks.shred(now=NOW + timedelta(days=183))
    paper.refresh_from_db()
    upload.refresh_from_db()
    assert (paper.content, paper.name, upload.name, upload.status) == (None, "", "", "shredded")
    assert bytes(upload.sha256)
    assert not selectors.papers_of(paper.person_id).exists()
    assert deeds(upload).count("shred_upload") == 1
    assert set(breaches().values()) == {0}


def test_what_nobody_decided_is_destroyed_too_even_in_quarantine(settings) -> None:
    settings.UPLOAD_KEPT_DAYS = 30
    waiting, refused_one, gone = hand_in(), hand_in(subject="test.request:2", content=b"%PDF-1.7 %%EOF"), proof().upload
    actions.check_upload(refused_one.pk, NOW)
    withdraw(gone)
    tasks.shred(now=NOW + timedelta(days=31))
    for upload in (waiting, refused_one, gone):
        upload.refresh_from_db()
        assert (upload.status, upload.raw, upload.name) == ("shredded", None, "")
    assert actions.check_upload(waiting.pk, NOW) == "shredded"


# Races ----------------------------------------------------------------------------------------------------------------


def at_once(count: int, deed: Callable[[int], object]) -> list[object]:
    """Let several do it at once; give what each came to, a refusal as its code."""
    gate, came = threading.Barrier(count), [None] * count

    def run(place: int) -> None:
        with acting_as(Scope("test", crous=EVERY)):
            gate.wait()
            try:
                came[place] = deed(place)  # type: ignore[call-overload]  # a list of anything
            except Refusal as refusal:
                came[place] = refusal.code  # type: ignore[call-overload]  # the same
        connection.close()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return came


@pytest.mark.django_db(transaction=True)
def test_of_six_who_replace_one_file_at_once_one_does() -> None:
    upload = hand_in()
    came = at_once(6, lambda place: replace(upload, PICTURES[place]).pk)
    assert came.count("upload_gone") == 5
    assert Upload.objects.filter(status="received").count() == 1
    assert set(breaches().values()) == {0}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("guarded", [True, False])
def test_of_six_who_fill_the_last_place_at_once_one_does(guarded: bool) -> None:
    """Without the person's lock (the control) a slot of one file would hold several."""
    person = PersonFactory()
    hand_in(person, slot=OTHER.code)
    by = student(user_of(person))

    def unlocked(person_id: int) -> Person:
        return Person.objects.only("pk").get(pk=person_id)

    def put(place: int) -> object:
        return hand_in(person, PICTURES[place], max_files=1, by=by).pk

    gate = threading.Barrier(6)
    real = receive._refuse_full

    def together(*args: object) -> None:
        real(*args)  # type: ignore[arg-type]  # handed on
        gate.wait(5)

    if guarded:
        came = at_once(6, put)
        assert came.count("upload_slot_full") == 5
    else:
        with (
            mock.patch.object(receive, "_locked", unlocked),
            mock.patch.object(receive, "_open_folder", return_value=Folder.objects.get()),
            mock.patch.object(receive, "_refuse_full", together),
        ):
            at_once(6, put)
    assert Upload.objects.filter(slot=STAY.code).count() == (1 if guarded else 6)


@pytest.mark.django_db(transaction=True)
def test_of_four_who_check_one_file_at_once_one_verdict_stands() -> None:
    upload = hand_in()
    assert at_once(4, lambda _place: actions.check_upload(upload.pk, NOW)) == ["clean"] * 4
    assert Paper.objects.count() == 1
    assert deeds(upload) == ["receive_upload", "accept_upload"]


@pytest.mark.django_db(transaction=True)
def test_sending_a_request_and_withdrawing_its_paper_at_once_never_leaves_a_request_without_it() -> None:
    for turn in range(6):
        upload = proof(subject=f"test.race:{turn}").upload

        def either(place: int, upload: Upload = upload) -> object:
            subject = upload.folder.subject
            if place:
                return withdraw(upload)
            with transaction.atomic():
                actions.close_folder(subject=subject, person_id=upload.person_id, crous_id=26, now=NOW)
                return selectors.are_ready(subject, upload.person_id)

        sent, withdrawn = at_once(2, either)
        assert (sent, withdrawn) in {(True, "upload_folder_closed"), (False, None)}
