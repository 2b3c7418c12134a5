"""A carrier's notice: signed, kept, then read; and what anybody else posts."""

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from messervices.foundations.notifications import actions, selectors, tasks
from messervices.foundations.notifications.models import Contact, OutgoingMail, Report, Sms
from messervices.foundations.notifications.providers import returned
from messervices.foundations.notifications.states import MailStatus, ReportKind, ReportStatus, SmsStatus
from messervices.foundations.notifications.tests.factories import (
    give_phone,
    status,
    take_jobs,
    tell,
)
from messervices.foundations.notifications.tests.reports import KEY, SOON, URL, dsn, notice, post, sent, signature
from messervices.foundations.students.tests.factories import PersonFactory
from messervices.kernel import clock

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_queue")]


def test_a_signed_notice_is_kept_then_read() -> None:
    message = sent()
    assert post(notice(message.mail_id)) == 200
    report = Report.objects.get()
    assert report.status == ReportStatus.NEW, "kept first, read later"
    ((name, asked),) = take_jobs()
    getattr(tasks, name)(**asked, now=SOON)
    assert status(message) == MailStatus.FAILED
    assert selectors.is_unreachable(message.person_id)


def test_a_notice_told_twenty_times_counts_once() -> None:
    message = sent()
    raw = notice(message.mail_id, permanent=False)
    for _turn in range(20):
        assert post(raw) == 200
    for _name, asked in take_jobs():
        tasks.read_report(**asked, now=SOON)
    other_bytes = notice(message.mail_id, permanent=False, more="x")
    assert post(other_bytes) == 200
    for _name, asked in take_jobs():
        tasks.read_report(**asked, now=SOON)
    message.refresh_from_db()
    assert message.bounces == 1
    assert sorted(Report.objects.values_list("status", flat=True)) == [ReportStatus.APPLIED, ReportStatus.REPEATED]


@pytest.mark.parametrize(
    "header",
    [
        "",
        "nonsense",
        "t=1,v1=" + "0" * 64,
        signature(b"other"),
        signature(notice("<a@b>"), key="wrong"),
        "t=1787918400,v1=" + "g" * 64,
    ],
    ids=["none", "nonsense", "old", "another body", "another key", "not a digest"],
)
def test_a_notice_that_nobody_signed_is_not_kept(header: str) -> None:
    assert post(notice("<a@b>"), header) == 403
    assert not Report.objects.exists()


def test_an_old_notice_is_somebodys_copy() -> None:
    raw = notice("<a@b>")
    now = int(clock.now().timestamp())
    assert post(raw, signature(raw, at=now - 301)) == 403
    assert post(raw, signature(raw, at=now + 301)) == 403
    assert post(raw, signature(raw, at=now - 290)) == 200


def test_two_keys_are_good_while_one_replaces_the_other_and_none_when_none_is_set(settings: Any) -> None:
    raw = notice("<a@b>")
    settings.MAIL_REPORT_KEY, settings.MAIL_REPORT_KEY_PREVIOUS = "new", KEY
    assert post(raw) == 200
    settings.MAIL_REPORT_KEY = settings.MAIL_REPORT_KEY_PREVIOUS = ""
    assert post(raw) == 403
    assert post(raw, signature(raw, key="")) == 403


def test_a_notice_that_is_too_long_is_not_read() -> None:
    assert post(b"x" * 20_000) == 413
    assert Client().get(URL).status_code == 405


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"{",
        b'{"id": 1}',
        b"\xff",
        notice("<a@b>", "opened"),
        notice("<a@b>", "hard"),
        notice("", "bounce"),
        notice("<a@b>", id="a b"),
        notice("<a@b>", id=None),
        notice("x" * 500),
    ],
)
def test_a_signed_notice_that_says_nothing_is_kept_and_harmless(raw: bytes) -> None:
    assert post(raw) == 200
    for _name, asked in take_jobs():
        tasks.read_report(**asked, now=SOON)
    assert Report.objects.get().status == ReportStatus.IDLE


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ({"type": "bounce"}, ReportKind.HARD),
        ({"type": "bounce", "permanent": False}, ReportKind.SOFT),
        ({"type": "bounce", "code": "5.2.2"}, ReportKind.SOFT),
        ({"type": "bounce", "code": "5.7.1"}, ReportKind.REFUSED),
        ({"type": "delivered"}, ReportKind.DELIVERED),
        ({"type": "complaint"}, ReportKind.COMPLAINT),
        ({"type": "delayed"}, ReportKind.DELAYED),
    ],
)
def test_each_word_of_a_notice_has_its_meaning(said: dict[str, Any], kind: str) -> None:
    raw = json.dumps({"id": "evt-1", "message_id": "<a@b>", "permanent": True} | said).encode()
    assert returned.read_notice(raw).kind == kind


def test_an_sms_is_told_of_by_its_reference(carrier: Any) -> None:
    person = PersonFactory()
    give_phone(person)
    sms = Sms.objects.get(message=tell(person, kind="room.alarm", params={}, mail=False))
    actions.send_sms(sms_id=sms.pk, now=SOON)
    Sms.objects.update(status=SmsStatus.UNKNOWN, sent_at=None, due_at=SOON)
    for number, (kind, after) in enumerate((("delivered", SmsStatus.SENT), ("bounce", SmsStatus.FAILED))):
        assert post(notice(sms.reference, kind, id=f"evt-{number}")) == 200
        for name, asked in take_jobs():
            if name == "read_report":
                tasks.read_report(**asked, now=SOON)
        sms.refresh_from_db()
        assert sms.status == after
    assert Contact.objects.get().phone_failed_at == SOON
    assert carrier.sent


def test_reading_a_report_is_one_transaction_of_few_queries(django_assert_max_num_queries: Any) -> None:
    message = sent()
    actions.receive_returned(raw=dsn(message.mail_id), now=SOON)
    key = Report.objects.get().pk
    with django_assert_max_num_queries(20):
        actions.read_report(report_id=key, now=SOON)
    assert connection.in_atomic_block
    assert OutgoingMail.objects.count() == 0
