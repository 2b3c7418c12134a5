"""The secret of a payer's link, and the addresses typed on its pages, stand nowhere but where they must."""

import logging
from collections.abc import Iterator
from unittest import mock

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.urls import reverse

from messervices.foundations.documents.models import Document
from messervices.foundations.payments import selectors
from messervices.foundations.payments.models import Attempt, PayerLink
from messervices.foundations.payments.tests.factories import notice
from messervices.foundations.payments.tests.links import token_of
from messervices.services.cvec.tests.factories import acknowledge, student
from tests import world
from tests.leaks import QUIET_ROWS, Ears, rows
from tests.world import browser_of, user_of, work_off

pytestmark = pytest.mark.django_db
NAME, FIRST_NAME, WORD = "Zyxwquist", "Ozymandrine", "vingt-et-un lapins bleus"
PAYER, PAYER_NAME = "tante.canari@fuite.example", "Quetzalcoatl Dupont"


@pytest.fixture(autouse=True)
def _in_august(settings) -> Iterator[None]:
    settings.LYRA_API_URL = "http://127.0.0.1:9/"
    with world.in_august():
        with connection.cursor() as cursor:
            cursor.execute("delete from procrastinate_jobs")
        yield


def quiet() -> str:
    """Every row that names nobody, and the queue."""
    kept = {name: sql for name, sql in QUIET_ROWS.items() if name != "message"}
    links = "select uuid, token_hash, status, payer_key_hash, language from payments_payerlink"
    return "\n".join(row for sql in [*kept.values(), links] for row in rows(sql))


def test_the_secret_of_a_link_and_who_paid_stand_nowhere() -> None:
    person = student(birth_name=NAME, first_names=FIRST_NAME)
    order = acknowledge(person, world.NOW).order
    ears, mine, payer, stranger = Ears(), browser_of(user_of(person)), Client(), Client()
    with ears.listening():
        mine.post(reverse("pay:link_new", args=[order.uuid]))
        link = PayerLink.objects.get()
        token = token_of(link)
        mine.get(reverse("pay:link", args=[order.uuid]))
        mine.post(reverse("pay:link_mail", args=[order.uuid]), {"to": PAYER, "language": "fr"})
        assert token not in quiet(), "the mail’s own row alone holds it until it has left"
        work_off()
        here = reverse("pay:payer", args=[token])
        for path in (here, f"{here}/no", f"{here}/state", f"{here}.", here[:-3], f"{here}/receipt"):
            payer.get(path)
        with mock.patch.object(selectors, "payer_sight", side_effect=RuntimeError(f"no {token}, {PAYER}, {NAME}")):
            Client(raise_request_exception=False).get(here)
        payer.post(f"{here}/go")
        stranger.get(here)
        payer.get(reverse("pay:payer_back", args=[link.uuid]))
        number = Attempt.objects.get().number
        kind = "application/x-www-form-urlencoded"
        Client().generic("POST", "/api/payments/lyra/notification", notice(number), content_type=kind)
        work_off()
        payer.get(here)
        payer.post(f"{here}/receipt", {"name": PAYER_NAME})
        payer.post(f"{here}/mail", {"to": PAYER, "name": PAYER_NAME})
        work_off()
        stranger.get(here)
        mine.get(reverse("cvec:certificate", args=[world.YEAR]))
    assert Document.objects.filter(person=person).exists()
    assert len(mail.outbox) >= 3
    log = ears.written.getvalue() + "\n".join(ears.said)
    secrets = (token, PAYER, PAYER_NAME, NAME, FIRST_NAME)
    for place, text in (
        ("log", log),
        ("rows", quiet()),
        ("mails to send", "\n".join(rows("select template, params from notifications_outgoingmail"))),
        ("subjects", "\n".join(letter.subject for letter in mail.outbox)),
        ("cookies", " ".join(morsel.value for morsel in payer.cookies.values())),
    ):
        for secret in secrets:
            assert secret not in text, (place, secret)
    assert "pay/link/<str:token>" in log, "the log was listened to, and names routes"


def test_a_word_of_refusal_is_in_the_message_alone() -> None:
    person = student(first_names=FIRST_NAME)
    order = acknowledge(person, world.NOW).order
    browser_of(user_of(person)).post(reverse("pay:link_new", args=[order.uuid]))
    ears = Ears()
    with ears.listening():
        Client().post(reverse("pay:payer_refuse", args=[token_of(PayerLink.objects.get())]), {"word": WORD})
        work_off()
    assert WORD in "\n".join(rows("select params from notifications_message"))
    assert WORD not in ears.written.getvalue() + "\n".join(ears.said) + quiet()
    assert WORD in mail.outbox[-1].body
    assert WORD not in mail.outbox[-1].subject


def test_control_a_planted_secret_is_found() -> None:
    ears = Ears()
    with ears.listening():
        logging.getLogger("messervices.anything").info("link %s", "abcdefghijklmnopqrstuvwxyz")
    assert "abcdefghijklmnopqrstuvwxyz" in ears.written.getvalue()
