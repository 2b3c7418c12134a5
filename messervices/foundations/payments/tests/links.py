"""Payers' links in the situations that tests speak of, and a clock that they set."""

import html
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from unittest import mock

from django.conf import settings
from django.test import Client
from django.urls import reverse

from messervices.foundations.payments import actions, rules
from messervices.foundations.payments.actions.go import Gone
from messervices.foundations.payments.models import Order, PayerLink
from messervices.foundations.payments.tests.factories import NOW
from messervices.kernel import clock
from messervices.kernel.actor import Actor

MOTHER, FATHER = "browser-of-the-mother", "browser-of-the-father"


@contextmanager
def at(instant: datetime) -> Iterator[None]:
    """Let it be this instant, by the database's clock too; it runs on from there."""
    with mock.patch.object(clock, "_offset", return_value=instant - datetime.now(UTC)):
        yield


def student(order: Order) -> Actor:
    """The student whose order it is."""
    return Actor(kind="student", user_id=1, person_id=order.person_id)


def make_link(order: Order, now: datetime = NOW, *, renew: bool = False) -> PayerLink:
    """Make a link, at an instant, as the student does."""
    with at(now):
        link = actions.open_link(
            uuid=order.uuid, person_id=order.person_id, by=student(order), now=now, renew=renew
        )  # fmt: skip
    assert link is not None
    return link


def token_of(link: PayerLink) -> str:
    """The secret of a link."""
    return rules.link_token(str(link.uuid), settings.SECRET_KEY)


def accept(link: PayerLink, now: datetime = NOW, *, key: str = MOTHER, **changes: Any) -> Gone:
    """Accept a link and leave for the bank, at an instant."""
    given = {
        "uuid": link.order.uuid, "person_id": link.person_id, "language": "fr", "back_url": "https://a/b",
    }  # fmt: skip
    with at(now):
        return actions.go_to_bank(now=now, by_link=actions.ByLink(link.pk, key), **given | changes)


def cancel(order: Order, now: datetime = NOW) -> bool:
    """Cancel the link of an order, at an instant."""
    with at(now):
        return actions.cancel_link(uuid=order.uuid, person_id=order.person_id, by=student(order), now=now)


def refuse(link: PayerLink, word: str = "", now: datetime = NOW) -> bool:
    """Refuse to pay, at an instant."""
    with at(now):
        return actions.refuse_link(link_id=link.pk, word=word, now=now)


def expire(link: PayerLink, now: datetime) -> bool:
    """Sweep one link, at an instant."""
    with at(now):
        return actions.expire_link(link_id=link.pk, now=now)


def address(name: str, link: PayerLink) -> str:
    """The path of a page of the payer's, with the secret of a link."""
    return reverse(f"pay:{name}", args=[token_of(link)])


def main_of(answer: Any) -> str:
    """The text of a page between its header and its footer, as a reader sees it."""
    body = re.search(r"<main.*?</main>", answer.content.decode(), re.DOTALL)
    assert body
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", body[0])).split())


def leave(payer: Client, link: PayerLink) -> dict[str, str]:
    """Accept, and give the bank's form."""
    body = payer.post(address("payer_go", link)).content.decode()
    return dict(re.findall(r'<input type="hidden" name="(vads_\w+)" value="([^"]*)">', body))
