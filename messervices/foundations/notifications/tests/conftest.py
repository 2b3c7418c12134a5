"""Kinds and templates of a made-up room, so that these tests lean on no service."""

import copy
import sys
from typing import Any

import pytest

from messervices.foundations.notifications.actions import send_sms
from messervices.foundations.notifications.providers.answer import Answer, Said
from messervices.foundations.notifications.tests.factories import take_jobs
from messervices.kernel import messages
from messervices.kernel.messages import MessageKind, Topic

TEMPLATES = {
    "room/mail/ready.subject": "Votre document{% if year %} {{ year }}{% endif %}\n",
    "room/mail/ready.txt": (
        "{% load i18n %}Il est prêt, <b>{{ who }}</b> & les autres.\nSuite de la phrase.\n\n"
        "{% get_current_language as l %}Langue : {{ l }}.\n"
    ),
    "room/mail/rich.subject": "Riche",
    "room/mail/rich.txt": "Texte.",
    "room/message/rich.html": "<ol><li>{{ who }}</li></ol>",
    "room/mail/pay.subject": "Payer pour quelqu’un\nBcc: x@y.example",
    "room/mail/pay.txt": "Payez ici.\n\nPayer >> {{ url }}",
    "room/mail/alarm.subject": "Une chose presse",
    "room/mail/alarm.txt": "Faites vite.",
    "room/sms/alarm.txt": "{{ site }} : une chose presse. {{ url }}",
    "room/mail/news.subject": "Une nouvelle",
    "room/mail/news.txt": "Rien à faire.",
}
KINDS = {
    "room.ready": MessageKind(topic=Topic.PAPER),
    "room.rich": MessageKind(),
    "room.alarm": MessageKind(topic=Topic.SECURITY, urgent=True),
    "room.news": MessageKind(topic=Topic.FOLLOW_UP),
}


class FakeCarrier:
    """A carrier that says what the test tells it to, and remembers what it was handed."""

    def __init__(self) -> None:
        """It takes everything."""
        self.sent: list[tuple[str, str, str]] = []
        self.asked: list[str] = []
        self.answer = Answer(Said.TAKEN, id="c-1")
        self.found = Answer(Said.UNSURE)

    def send(self, *, to: str, text: str, reference: str) -> Answer:
        """Remember it, and answer."""
        self.sent.append((to, text, reference))
        return self.answer

    def ask(self, reference: str) -> Answer:
        """Answer what was found."""
        self.asked.append(reference)
        return self.found


@pytest.fixture(autouse=True)
def _room(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the room's templates before those of the apps, and its kinds beside theirs."""
    templates = copy.deepcopy(settings.TEMPLATES)
    (cached,) = templates[0]["OPTIONS"]["loaders"]
    cached[1].insert(0, ("django.template.loaders.locmem.Loader", TEMPLATES))
    settings.TEMPLATES = templates
    known = dict(messages.message_kinds())
    monkeypatch.setattr(messages, "message_kinds", lambda: known | KINDS)


@pytest.fixture
def carrier(monkeypatch: pytest.MonkeyPatch) -> FakeCarrier:
    """A carrier of SMS that does as it is told."""
    fake = FakeCarrier()
    monkeypatch.setattr(sys.modules[send_sms.__module__], "carrier", lambda: fake)
    return fake


@pytest.fixture
def empty_queue(db: None) -> None:
    """Forget the jobs that tests which commit have left."""
    take_jobs()
