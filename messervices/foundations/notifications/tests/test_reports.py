"""What mail servers and carriers tell us: kept first, believed when it names a mail of ours, applied once."""

import mailbox
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from messervices.foundations.accounts.models import User
from messervices.foundations.accounts.rules import Rate
from messervices.foundations.accounts.selectors import actor_of
from messervices.foundations.notifications import actions, rules, selectors, tasks
from messervices.foundations.notifications.models import Contact, DeadAddress, Message, Report, Sms
from messervices.foundations.notifications.states import MailStatus, Outcome, ReportKind, ReportStatus
from messervices.foundations.notifications.tests.factories import (
    breaches,
    forget_mailed,
    give_phone,
    pay_for_me,
    status,
    take_jobs,
    tell,
)
from messervices.foundations.notifications.tests.reports import SOON, complaint, dsn, read, sent
from messervices.foundations.students.tests.factories import NOW, PersonFactory, user_of
from messervices.kernel.errors import Refusal
from messervices.kernel.scope import Scope, acting_as

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_queue")]


# A dead address --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("quoted", ["rfc822", "headers"])
def test_a_mail_that_comes_back_marks_its_address_and_tells_its_person(quoted: str) -> None:
    message = sent()
    report = read(dsn(message.mail_id, quoted=quoted))
    assert (report.kind, report.status, report.code) == (ReportKind.HARD, ReportStatus.APPLIED, "5.1.1")
    assert (report.person_id, report.crous_id) == (message.person_id, 26)
    assert (status(message), message.outcome, message.sent_at) == (MailStatus.FAILED, Outcome.BOUNCED, SOON)
    assert selectors.is_unreachable(message.person_id)
    told = Message.objects.get(kind="notifications.address_dead")
    assert (told.person_id, told.mail_status) == (message.person_id, MailStatus.NONE)
    assert breaches() == []


def test_who_gave_a_number_is_told_by_sms(carrier: Any) -> None:
    person = PersonFactory()
    give_phone(person)
    read(dsn(sent(person=person).mail_id))
    sms = Sms.objects.get()
    assert actions.send_sms(sms_id=sms.pk, now=SOON)
    ((to, text, _reference),) = carrier.sent
    assert to == "+393471234567"
    assert "ne reçoit" not in text, "an SMS has no letter that telephones lack"
    assert "/me/contact" in text


def test_the_same_report_is_applied_once_however_it_comes() -> None:
    message = sent()
    raw = dsn(message.mail_id)
    for _turn in range(3):
        read(raw)
    assert Report.objects.count() == 1
    other_bytes = read(raw.replace(b"could not be", b"was not"))
    assert other_bytes.status == ReportStatus.REPEATED
    another_server = read(dsn(message.mail_id, own="<dsn2@mx>"))
    assert another_server.status == ReportStatus.IDLE
    assert Message.objects.filter(kind="notifications.address_dead").count() == 1
    assert actions.read_report(report_id=another_server.pk, now=SOON) == ""


def test_an_address_that_was_changed_meanwhile_is_not_the_one_that_is_dead() -> None:
    message = sent()
    User.objects.filter(person_id=message.person_id).update(email="nouvelle@etudiant.example")
    report = read(dsn(message.mail_id))
    assert report.status == ReportStatus.APPLIED
    assert not selectors.is_unreachable(message.person_id)
    assert not Message.objects.filter(kind="notifications.address_dead").exists()


def test_a_report_moves_the_address_we_wrote_to_and_never_the_one_it_names() -> None:
    message, victim = sent(), PersonFactory()
    raw = dsn(message.mail_id).replace(b"lina@etudiant.example", user_of(victim).email.encode())
    read(raw)
    assert not selectors.is_unreachable(victim.pk)


@pytest.mark.parametrize(
    "mail_id", ["<message.1.1787918400.0000000000000000@127.0.0.1>", "<x@y>", "' or 1=1 --", "<" + "a" * 300 + "@x>"]
)
def test_a_report_of_a_mail_that_is_not_ours_changes_nothing(mail_id: str) -> None:
    message = sent()
    report = read(dsn(mail_id))
    assert report.status == ReportStatus.UNKNOWN
    assert (report.person_id, report.crous_id) == (None, 0)
    assert status(message) == MailStatus.SENT
    assert not DeadAddress.objects.exists()


def test_the_word_of_its_owner_makes_an_address_good_again_three_times_a_day() -> None:
    person = PersonFactory()
    user = user_of(person)
    by = actor_of(user)
    assert not actions.trust_address(by=by, user=user, now=NOW)
    for _turn in range(3):
        DeadAddress.objects.create(digest=selectors.address_digest(user.email), since=NOW)
        assert actions.trust_address(by=by, user=user, now=NOW)
        assert not selectors.is_dead(user.email)
    DeadAddress.objects.create(digest=selectors.address_digest(user.email), since=NOW)
    with pytest.raises(Refusal, match="too_many"):
        actions.trust_address(by=by, user=user, now=NOW)


# A full mailbox, a filter, a complaint ---------------------------------------------------------------------------


def test_a_full_mailbox_is_tried_again_later_and_later_then_given_up() -> None:
    message = sent()
    now = SOON
    for turn, hours in enumerate((1, 6, 36, 36), 1):
        report = read(dsn(message.mail_id, code="4.2.2", own=f"<dsn{turn}@mx>"), now)
        assert (report.kind, report.status) == (ReportKind.SOFT, ReportStatus.APPLIED)
        assert (status(message), message.bounces) == (MailStatus.QUEUED, turn)
        assert message.due_at == now + timedelta(hours=hours)
        now = message.due_at
        forget_mailed(message.person)
        assert actions.send_message(message_id=message.pk, now=now)
    read(dsn(message.mail_id, code="5.2.2", own="<last@mx>"), now)
    assert (status(message), message.outcome) == (MailStatus.FAILED, Outcome.FULL)
    assert not selectors.is_unreachable(message.person_id)
    assert message.bounces == rules.MAX_BOUNCES


def test_a_filter_that_refuses_a_mail_says_nothing_of_the_address() -> None:
    message = sent()
    read(dsn(message.mail_id, code="5.7.1"))
    assert (status(message), message.outcome) == (MailStatus.FAILED, Outcome.REFUSED)
    assert not selectors.is_unreachable(message.person_id)


@pytest.mark.parametrize("action", ["delayed", "relayed", "expanded"])
def test_a_mail_that_is_still_being_tried_stays_as_it_is(action: str) -> None:
    message = sent()
    report = read(dsn(message.mail_id, action=action, code="4.4.1"))
    assert (report.kind, report.status) == (ReportKind.DELAYED, ReportStatus.IDLE)
    assert status(message) == MailStatus.SENT


def test_what_may_have_left_is_known_when_a_server_says_that_it_arrived() -> None:
    message = sent()
    Message.objects.filter(pk=message.pk).update(mail_status=MailStatus.UNKNOWN, sent_at=None, outcome="unsure")
    read(dsn(message.mail_id, action="delivered", code="2.0.0"))
    assert (status(message), message.outcome) == (MailStatus.SENT, "")


def test_who_complains_has_no_more_of_what_may_be_stopped_and_goes_on_with_the_rest() -> None:
    news = sent(kind="room.news", params={})
    assert read(complaint(news.mail_id)).status == ReportStatus.APPLIED
    assert Contact.objects.get(person=news.person).mail_off == ["follow_up"]
    forget_mailed(news.person)
    decision = sent(person=news.person)
    raw = complaint(decision.mail_id).replace(b"arf1", b"arf2")
    assert read(raw).status == ReportStatus.IDLE
    forget_mailed(news.person)
    assert sent(person=news.person)


def test_all_the_messages_of_a_mail_share_what_became_of_it() -> None:
    person = PersonFactory()
    first, second = tell(person), tell(person)
    actions.send_message(message_id=first.pk, now=SOON)
    first.refresh_from_db()
    read(dsn(first.mail_id))
    assert (status(first), status(second)) == (MailStatus.FAILED, MailStatus.FAILED)
    assert Message.objects.filter(kind="notifications.address_dead").count() == 1


@pytest.mark.parametrize(
    ("code", "action", "after", "outcome"),
    [
        ("5.1.1", "failed", MailStatus.FAILED, Outcome.BOUNCED),
        ("4.2.2", "failed", MailStatus.FAILED, Outcome.FULL),
        ("5.7.1", "failed", MailStatus.FAILED, Outcome.REFUSED),
        ("4.4.1", "delayed", MailStatus.SENT, ""),
    ],
)
def test_a_mail_to_an_address_is_not_sent_again(code: str, action: str, after: str, outcome: str) -> None:
    queued = pay_for_me()
    actions.send_mail(mail_id=queued.pk, now=SOON)
    queued.refresh_from_db()
    read(dsn(queued.mail_id, code=code, action=action))
    assert (status(queued), queued.outcome, queued.params) == (after, outcome, {})
    assert selectors.is_dead("payer@example.org") is (outcome == Outcome.BOUNCED)


# Reading ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00\xff\xfe",
        b"Subject: je suis absent\r\n\r\nBonjour",
        b"Content-Type: multipart/report\r\n\r\nno parts",
        (
            b'Content-Type: multipart/report; boundary="b"\r\n\r\n'
            b"--b\r\nContent-Type: message/delivery-status\r\n\r\n--b--"
        ),
        b"Content-Type: multipart/report; boundary=\r\n\r\n",
        b"Content-Type: " + b"a/" * 5000,
        dsn("<a@b>", quoted="none").replace(b"Action: failed", b"Action: nonsense"),
    ],
)
def test_what_is_no_report_is_kept_and_harmless(raw: bytes) -> None:
    report = read(raw + b" ")
    assert (report.kind, report.status) == (ReportKind.NONSENSE, ReportStatus.IDLE)


def test_a_report_is_cut_where_it_quotes_too_much() -> None:
    message = sent()
    report = read(dsn(message.mail_id) + b"x" * 2 * actions.LONGEST_REPORT)
    assert len(report.raw) == actions.LONGEST_REPORT
    assert report.status == ReportStatus.APPLIED


def test_a_maildir_and_a_file_of_mails_are_taken_in_once(tmp_path: Path, settings: Any) -> None:
    message = sent()
    settings.MAIL_RETURNED = str(tmp_path / "returned")
    tasks.read_returned(now=SOON)
    box = mailbox.Maildir(tmp_path / "returned")
    box.add(dsn(message.mail_id))
    for _turn in range(2):
        tasks.read_returned(now=SOON)
    assert Report.objects.count() == 1
    assert len(take_jobs()) == 1
    assert list((tmp_path / "returned" / "new").iterdir()) == []
    settings.MAIL_RETURNED = str(tmp_path / "file")
    held = mailbox.mbox(tmp_path / "file")
    held.add(dsn(message.mail_id, own="<dsn9@mx>"))
    held.close()
    for _turn in range(2):
        tasks.read_returned(now=SOON)
    assert Report.objects.count() == 2
    settings.MAIL_RETURNED = ""
    tasks.read_returned(now=SOON)


def test_a_flood_of_returned_mails_waits_in_the_mailbox(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("messervices.foundations.notifications.actions.report.RETURNED_AN_HOUR", Rate(2, 3600))
    taken = [actions.receive_returned(raw=f"Subject: {n}".encode(), now=NOW) for n in range(4)]
    assert taken == [True, True, False, False]
    assert actions.receive_returned(raw=b"Subject: 0", now=NOW), "known already: it costs nothing"


def test_the_sweep_has_a_report_read_that_nobody_read() -> None:
    actions.receive_returned(raw=b"Subject: x", now=NOW)
    take_jobs()
    assert actions.sweep(now=NOW + timedelta(minutes=1)) == 0
    assert actions.sweep(now=NOW + timedelta(minutes=5)) == 1
    ((name, asked),) = take_jobs()
    assert name == "read_report"
    tasks.read_report(**asked, now=NOW)
    assert Report.objects.get().status == ReportStatus.IDLE


def test_reports_are_forgotten_after_ninety_days() -> None:
    read(b"Subject: x", NOW)
    assert actions.forget(now=NOW + timedelta(days=89)) == 0
    assert actions.forget(now=NOW + timedelta(days=91)) == 1


def test_a_report_is_seen_by_the_crous_of_its_mail_and_by_the_person() -> None:
    message = sent()
    read(dsn(message.mail_id))
    for scope, seen in (
        (Scope("a", crous=(26,)), 1),
        (Scope("b", crous=(10,)), 0),
        (Scope("c", person=message.person_id), 1),
    ):
        with acting_as(scope):
            assert Report.objects.count() == seen
