"""The test of kills (T4): ``kill -9`` at every marked point of a mail, an SMS, a report.

The mailbox is a folder, so that what a dead process handed over can be counted. A mailbox that knows mails again gets
each exactly once; one that does not, as no SMTP server does, gets each at most once, and what may have left is said.
"""

import re
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from messervices.foundations.notifications import actions, tasks
from messervices.foundations.notifications.models import Message, OutgoingMail, Report, Sms
from messervices.foundations.notifications.states import MailStatus, ReportStatus, SmsStatus
from messervices.foundations.notifications.tests.factories import breaches, give_phone, take_jobs, tell
from messervices.foundations.notifications.tests.reports import dsn, notice, signature
from messervices.foundations.students.models import Person
from messervices.foundations.students.tests.factories import PersonFactory
from messervices.kernel.tests.kills import killed_at

mailbox = import_module("messervices.demo.mailbox")
"""The mailbox of the demonstration, which stands above this room: the settings name it, and so do we."""

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("empty_queue")]
ROOM = Path(__file__).parents[1]
OF_A_MAIL = ("claimed", "before_hand_over", "handed_over")
OF_AN_SMS = ("sms_claimed", "before_sms", "after_sms")
OF_A_REPORT = ("report_kept", "report_applied")


@pytest.fixture(autouse=True)
def _folder(settings: Any, tmp_path: Path) -> None:
    """Mails and SMS are files, as in the demonstration."""
    settings.DEMO_MAILBOX = tmp_path / "mail"
    settings.EMAIL_BACKEND = "messervices.demo.mailbox.Backend"
    take_jobs()


def work(hours: int = 3) -> None:
    """Let the platform live on for some hours: sweeps, and the jobs that they give."""
    now = timezone.now()
    for _turn in range(hours):
        now += timedelta(hours=1)
        actions.sweep(now=now)
        for name, asked in take_jobs():
            getattr(tasks, name)(**asked, now=now)


def someone() -> Person:
    with transaction.atomic():
        return PersonFactory()


def told(person: Person, **changes: Any) -> Message:
    with transaction.atomic():
        return tell(person, now=timezone.now(), **changes)


def handed() -> list[str]:
    return [one.subject for one in mailbox.newest()]


@pytest.mark.parametrize("point", OF_A_MAIL)
@pytest.mark.parametrize("knows_again", [True, False])
def test_a_mail_cut_anywhere_is_handed_over_once(
    point: str, knows_again: bool, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setattr(mailbox.Backend, "idempotent", knows_again)
    person = someone()
    messages = [told(person), told(person)]
    now = timezone.now()
    assert killed_at(
        "notifications", point, lambda: tasks.send_message(message_id=messages[0].pk, now=now), tmp_path / "marker"
    )
    work()
    states = set(Message.objects.values_list("mail_status", flat=True))
    left = handed()
    if knows_again or point == "claimed":
        assert states == {MailStatus.SENT}
        assert left == ["2 messages sur vos démarches"]
    else:
        assert states == {MailStatus.UNKNOWN}
        assert len(left) == (1 if point == "handed_over" else 0), "never twice"
    assert len({row.mail_id for row in Message.objects.all()}) == 1
    assert breaches() == []


@pytest.mark.parametrize("point", OF_A_MAIL)
@pytest.mark.parametrize("knows_again", [True, False])
def test_a_mail_to_an_address_cut_anywhere_is_handed_over_once(
    point: str, knows_again: bool, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setattr(mailbox.Backend, "idempotent", knows_again)
    now = timezone.now()
    with transaction.atomic():
        row = actions.queue_mail(
            to="a@b.example", language="fr", template="room/mail/pay", params={"url": "x"}, now=now
        )
    assert killed_at("notifications", point, lambda: tasks.send_mail(mail_id=row.pk, now=now), tmp_path / "marker")
    work()
    row = OutgoingMail.objects.get()
    assert row.params == {}, "whatever became of it, its words are gone"
    if knows_again or point == "claimed":
        assert (row.mail_status, len(handed())) == (MailStatus.SENT, 1)
    else:
        assert (row.mail_status, len(handed())) == (MailStatus.UNKNOWN, 1 if point == "handed_over" else 0)
    assert breaches() == []


@pytest.mark.parametrize("point", OF_AN_SMS)
def test_an_sms_cut_anywhere_is_handed_over_once_because_its_carrier_is_asked(point: str, tmp_path: Path) -> None:
    person = someone()
    with transaction.atomic():
        give_phone(person)
    told(person, kind="room.alarm", params={}, mail=False)
    sms, now = Sms.objects.get(), timezone.now()
    assert killed_at("notifications", point, lambda: tasks.send_sms(sms_id=sms.pk, now=now), tmp_path / "marker")
    work()
    sms.refresh_from_db()
    assert sms.status == SmsStatus.SENT
    assert [one.reference for one in mailbox.newest()] == [sms.reference]
    assert breaches() == []


@pytest.mark.parametrize("source", ["webhook", "returned"])
@pytest.mark.parametrize("point", OF_A_REPORT)
def test_a_report_cut_anywhere_is_applied_once(point: str, source: str, tmp_path: Path) -> None:
    message = told(someone())
    now = timezone.now()
    tasks.send_message(message_id=message.pk, now=now)
    message.refresh_from_db()
    take_jobs()

    def arrive() -> None:
        if source == "webhook":
            raw = notice(message.mail_id)
            header = {"X-Report-Signature": signature(raw)}
            Client().post("/api/messages/reports", raw, content_type="application/json", headers=header)
        else:
            actions.receive_returned(raw=dsn(message.mail_id), now=now)
        for name, asked in take_jobs():
            getattr(tasks, name)(**asked, now=now)

    expected = not (point == "report_kept" and source == "returned")
    assert killed_at("notifications", point, arrive, tmp_path / "marker") is expected
    arrive()
    work()
    assert Report.objects.get().status == ReportStatus.APPLIED
    message.refresh_from_db()
    assert message.mail_status == MailStatus.FAILED
    assert Message.objects.filter(kind="notifications.address_dead").count() == 1
    assert breaches() == []


def test_every_marked_point_is_tried() -> None:
    marked = set()
    for path in ROOM.rglob("*.py"):
        if "tests" not in path.parts:
            marked |= set(re.findall(r'crash\.point\("notifications\.(\w+)"\)', path.read_text()))
    assert marked == {*OF_A_MAIL, *OF_AN_SMS, *OF_A_REPORT}


def test_nothing_is_killed_in_ordinary_life(tmp_path: Path) -> None:
    message = told(someone())
    now = timezone.now()
    assert not killed_at(
        "notifications", "no_such_point", lambda: tasks.send_message(message_id=message.pk, now=now), tmp_path / "m"
    )
    message.refresh_from_db()
    assert message.mail_status == MailStatus.SENT
    assert handed() == ["Votre document 2026-2027"]
