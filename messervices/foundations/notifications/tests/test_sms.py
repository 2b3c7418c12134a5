"""An urgent message goes by SMS too, to who gave a number: once, whatever is cut where."""

import hashlib
import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from messervices.foundations.accounts.models import User
from messervices.foundations.notifications import actions, rules
from messervices.foundations.notifications.models import Contact, Sms
from messervices.foundations.notifications.providers.answer import Answer, Said
from messervices.foundations.notifications.providers.ovh import Ovh
from messervices.foundations.notifications.providers.sms import carrier as carrier_of_settings
from messervices.foundations.notifications.states import Outcome, SmsStatus
from messervices.foundations.notifications.tests.factories import breaches, give_phone, take_jobs, tell
from messervices.foundations.students.tests.factories import NOW, PersonFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_queue")]
SOON = NOW + timedelta(seconds=2)


def alarm(**changes: Any) -> Sms:
    """Tell something urgent to a person who gave an Italian number; give its SMS."""
    person = PersonFactory()
    give_phone(person, **changes)
    return Sms.objects.get(message=tell(person, kind="room.alarm", params={}, mail=False))


def send(sms: Sms, now: Any = SOON) -> bool:
    return actions.send_sms(sms_id=sms.pk, now=now)


def status(sms: Sms) -> str:
    sms.refresh_from_db()
    return sms.status


def test_an_urgent_message_is_written_by_sms_too_and_costs_three_queries_more() -> None:
    person = PersonFactory()
    give_phone(person)
    with CaptureQueriesContext(connection) as queries:
        message = tell(person, kind="room.alarm", params={})
    assert len(queries) == 5
    sms = Sms.objects.get()
    assert take_jobs() == [("send_message", {"message_id": message.pk}), ("send_sms", {"sms_id": sms.pk})]
    assert sms.reference.startswith(f"sms-{message.pk}-")


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("room.ready", {}),
        ("room.alarm", {"phone": ""}),
        ("room.alarm", {"sms": False}),
        ("room.alarm", {"phone_failed_at": NOW}),
    ],
)
def test_no_other_message_is(kind: str, changes: dict[str, Any]) -> None:
    person = PersonFactory()
    give_phone(person, **changes)
    tell(person, kind=kind)
    assert not Sms.objects.exists()


def test_without_a_carrier_no_sms_is_written(settings: Any) -> None:
    settings.SMS_CARRIER = ""
    person = PersonFactory()
    give_phone(person)
    tell(person, kind="room.alarm", params={})
    assert not Sms.objects.exists()
    assert carrier_of_settings() is None


def test_it_is_sent_once_in_the_readers_language_to_the_number_of_now(carrier: Any) -> None:
    sms = alarm()
    User.objects.filter(person_id=sms.person_id).update(language="en")
    Contact.objects.update(phone="+8613800138000")
    assert send(sms)
    assert not send(sms)
    ((to, text, reference),) = carrier.sent
    assert (to, reference) == ("+8613800138000", sms.reference)
    assert text.startswith("MesServices : une chose presse. http")
    assert rules.parts_of_sms(text) == 1
    assert (status(sms), sms.sent_at, sms.provider_id, sms.language) == (SmsStatus.SENT, SOON, "c-1", "en")
    assert breaches() == []


def test_a_number_taken_back_meanwhile_gets_nothing(carrier: Any) -> None:
    sms = alarm()
    Contact.objects.update(phone="")
    assert not send(sms)
    assert carrier.sent == []
    assert (status(sms), sms.outcome) == (SmsStatus.FAILED, Outcome.NO_PHONE)


def test_a_number_that_is_none_is_not_written_to_again(carrier: Any) -> None:
    carrier.answer = Answer(Said.NEVER, meaning="hard", code="invalid")
    sms = alarm()
    assert not send(sms)
    assert (status(sms), sms.outcome) == (SmsStatus.FAILED, Outcome.REFUSED)
    assert Contact.objects.get().phone_failed_at == SOON
    tell(sms.person, kind="room.alarm", params={})
    assert Sms.objects.count() == 1


def test_a_carrier_that_is_down_is_asked_again_later_and_given_up_in_the_end(carrier: Any) -> None:
    carrier.answer = Answer(Said.LATER)
    sms = alarm()
    assert not send(sms)
    assert (status(sms), sms.due_at) == (SmsStatus.QUEUED, SOON + timedelta(minutes=1))
    Sms.objects.update(attempts=rules.MAX_ATTEMPTS - 1, due_at=NOW)
    assert not send(sms)
    assert (status(sms), sms.outcome, sms.due_at) == (SmsStatus.FAILED, Outcome.NO_ANSWER, None)


def test_what_may_have_left_is_asked_about_and_never_sent_blindly(carrier: Any) -> None:
    carrier.answer = Answer(Said.UNSURE)
    sms = alarm()
    take_jobs()
    assert not send(sms)
    assert status(sms) == SmsStatus.UNKNOWN
    assert not actions.ask_sms(sms_id=sms.pk, now=SOON), "too early: the call may still be on its way"
    later = SOON + timedelta(minutes=8)
    assert actions.sweep(now=later) == 1
    assert take_jobs() == [("ask_sms", {"sms_id": sms.pk})]
    assert not actions.ask_sms(sms_id=sms.pk, now=later)
    assert (status(sms), sms.questions) == (SmsStatus.UNKNOWN, 1)
    carrier.found = Answer(Said.TAKEN, id="c-9")
    assert actions.ask_sms(sms_id=sms.pk, now=later + timedelta(hours=1))
    assert (status(sms), sms.provider_id, sms.outcome) == (SmsStatus.SENT, "c-9", "")
    assert not actions.ask_sms(sms_id=sms.pk, now=later + timedelta(hours=2))
    assert len(carrier.sent) == 1


def test_what_certainly_never_came_is_sent(carrier: Any) -> None:
    carrier.answer = Answer(Said.UNSURE)
    sms = alarm()
    send(sms)
    carrier.found, carrier.answer = Answer(Said.LATER), Answer(Said.TAKEN, id="c-2")
    later = SOON + timedelta(minutes=8)
    assert actions.ask_sms(sms_id=sms.pk, now=later)
    assert status(sms) == SmsStatus.QUEUED
    assert send(sms, later)


def test_after_a_day_of_silence_it_stays_unknown(carrier: Any) -> None:
    carrier.answer = Answer(Said.UNSURE)
    sms = alarm()
    send(sms)
    now = SOON
    for _turn in range(rules.MAX_QUESTIONS):
        now += timedelta(hours=5)
        assert not actions.ask_sms(sms_id=sms.pk, now=now)
    assert (status(sms), sms.due_at) == (SmsStatus.UNKNOWN, None)
    assert not actions.ask_sms(sms_id=sms.pk, now=now + timedelta(days=1))
    assert actions.sweep(now=now + timedelta(days=1)) == 0


@pytest.mark.parametrize(
    ("cut", "after", "job"),
    [
        (SmsStatus.QUEUED, SmsStatus.QUEUED, "send_sms"),
        (SmsStatus.SENDING, SmsStatus.QUEUED, "send_sms"),
        (SmsStatus.HANDING, SmsStatus.UNKNOWN, "ask_sms"),
    ],
)
def test_the_sweep_drives_again_what_was_cut(cut: str, after: str, job: str) -> None:
    sms = alarm()
    Sms.objects.update(status=cut)
    take_jobs()
    assert actions.sweep(now=NOW + timedelta(minutes=10)) == 1
    assert status(sms) == after
    assert take_jobs() == [(job, {"sms_id": sms.pk})]


def test_the_sweep_gives_up_what_dies_each_time() -> None:
    sms = alarm()
    Sms.objects.update(status=SmsStatus.SENDING, attempts=rules.MAX_ATTEMPTS)
    actions.sweep(now=NOW + timedelta(minutes=10))
    assert (status(sms), sms.outcome) == (SmsStatus.FAILED, Outcome.NO_ANSWER)


# OVHcloud, played by a small server ------------------------------------------------------------------------------


class Server(HTTPServer):
    """Answers what the test tells it to, by method and path; remembers what it was asked."""

    answers: dict[tuple[str, str], tuple[int, Any]]
    asked: list[tuple[str, str, dict[str, str], Any]]


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: Server

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = self.path.partition("?")[0]
        self.server.asked.append((self.command, self.path, dict(self.headers), json.loads(body) if body else None))
        code, said = self.server.answers.get((self.command, path), (404, {}))
        if code == 0:
            self.connection.close()
            return
        content = json.dumps(said).encode()
        self.send_response(code)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = _answer  # noqa: N815 - the names that the standard library asks for

    def log_message(self, *_args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def ovh(settings: Any) -> Iterator[Server]:
    server = Server(("127.0.0.1", 0), Handler)
    server.answers, server.asked = {("GET", "/1.0/auth/time"): (200, 1_787_918_400)}, []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    settings.OVH_API_URL = f"http://127.0.0.1:{server.server_port}/1.0"
    settings.OVH_APPLICATION_KEY, settings.OVH_SECRET, settings.OVH_CONSUMER_KEY = "ak", "as", "ck"
    settings.OVH_SMS_SERVICE, settings.OVH_SMS_SENDER = "sms-ab12-1", "MesServices"
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


JOBS, OUTGOING = ("POST", "/1.0/sms/sms-ab12-1/jobs"), ("GET", "/1.0/sms/sms-ab12-1/outgoing")
WAITING = ("GET", "/1.0/sms/sms-ab12-1/jobs")
REPORT = {"ids": [26929925], "validReceivers": ["+393471234567"], "invalidReceivers": [], "totalCreditsRemoved": 1}


def sent_by(**_kwargs: Any) -> Answer:
    return Ovh().send(to="+393471234567", text="MesServices : x", reference="sms-1-ab")


def test_ovh_takes_a_signed_sms_with_our_tag_and_no_advertising_clause(ovh: Server) -> None:
    ovh.answers[JOBS] = (200, REPORT)
    assert sent_by() == Answer(Said.TAKEN, id="26929925")
    _method, _path, headers, body = ovh.asked[-1]
    assert body["receivers"] == ["+393471234567"]
    assert (body["tag"], body["noStopClause"], body["sender"]) == ("sms-1-ab", True, "MesServices")
    assert headers["X-Ovh-Timestamp"] == "1787918400"
    assert headers["X-Ovh-Signature"].startswith("$1$")
    assert len(headers["X-Ovh-Signature"]) == 43


def test_ovh_signature_is_the_one_of_its_documentation(ovh: Server) -> None:
    ovh.answers[OUTGOING], ovh.answers[WAITING] = (200, [7]), (200, [])
    assert Ovh().ask("sms-1-ab") == Answer(Said.TAKEN, id="7")
    _method, path, headers, _body = ovh.asked[-1]
    url = f"http://127.0.0.1:{ovh.server_port}{path}"
    expected = "$1$" + hashlib.sha1(f"as+ck+GET+{url}++1787918400".encode()).hexdigest()  # noqa: S324 - the API signs so
    assert headers["X-Ovh-Signature"] == expected


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((200, REPORT | {"ids": [], "invalidReceivers": ["+39"]}), Answer(Said.NEVER, meaning="hard", code="invalid")),
        ((400, {"message": "bad"}), Answer(Said.NEVER, meaning="refused", code="400")),
        ((403, {}), Answer(Said.LATER)),
        ((502, {}), Answer(Said.UNSURE)),
        ((200, "nonsense"), Answer(Said.UNSURE)),
        ((0, None), Answer(Said.UNSURE)),
    ],
)
def test_what_ovh_answers_is_told_apart(ovh: Server, answer: tuple[int, Any], said: Answer) -> None:
    ovh.answers[JOBS] = answer
    assert sent_by() == said


def test_an_ovh_that_does_not_give_the_time_was_handed_nothing(ovh: Server, settings: Any) -> None:
    ovh.answers[("GET", "/1.0/auth/time")] = (503, {})
    assert sent_by() == Answer(Said.LATER)
    settings.OVH_API_URL = "http://127.0.0.1:9/1.0"
    assert sent_by() == Answer(Said.LATER)
    assert Ovh().ask("sms-1-ab") == Answer(Said.UNSURE)


def test_ovh_is_asked_by_our_tag_and_believed_only_when_its_own_queue_is_empty(ovh: Server) -> None:
    ovh.answers[OUTGOING], ovh.answers[WAITING] = (200, []), (200, [3])
    assert Ovh().ask("sms-1-ab") == Answer(Said.UNSURE)
    ovh.answers[WAITING] = (200, [])
    assert Ovh().ask("sms-1-ab") == Answer(Said.LATER)
    ovh.answers[OUTGOING] = (500, {})
    assert Ovh().ask("sms-1-ab") == Answer(Said.UNSURE)
