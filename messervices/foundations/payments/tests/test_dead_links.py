"""Links that are over, cut short or invented: one calm page, no deed, and guesses that are limited."""

from datetime import timedelta
from unittest import mock

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from messervices.foundations.payments import actions, selectors
from messervices.foundations.payments.models import Attempt, Order, PayerLink
from messervices.foundations.payments.rules import link_token, secret_hash
from messervices.foundations.payments.tests.factories import FakeService, OrderFactory, notice, tell
from messervices.foundations.payments.tests.links import address as at
from messervices.foundations.payments.tests.links import cancel, expire, leave, main_of, make_link, refuse, token_of
from messervices.foundations.students.tests.factories import PersonFactory
from messervices.kernel.errors import Refusal

pytestmark = pytest.mark.django_db


@pytest.fixture
def order() -> Order:
    return OrderFactory(person=PersonFactory(first_names="Lina"), created_at=timezone.now())


@pytest.fixture
def link(order: Order) -> PayerLink:
    return make_link(order, timezone.now())


@pytest.fixture
def payer() -> Client:
    """The browser of somebody who has no account here."""
    return Client(headers={"accept-language": "fr"})


def everything_over(order: Order) -> dict[str, str]:
    """A link of each kind that can no longer be used, and some that never could: the address of each."""

    def fresh() -> Order:
        return OrderFactory(person=order.person, created_at=timezone.now())

    def made(days: int = 0) -> PayerLink:
        return make_link(fresh(), timezone.now() - timedelta(days=days))

    expired, unswept, refused, cancelled, used = made(3), made(3), made(), made(), made()
    expire(expired, timezone.now())
    refuse(refused, now=timezone.now())
    cancel(cancelled.order, timezone.now())
    leave(Client(), used)
    tell(notice(Attempt.objects.get(link=used).number))
    good = token_of(made())
    return {
        **{name: token_of(link) for name, link in [("expired", expired), ("not swept yet", unswept), ("used", used)]},
        "refused": token_of(refused),
        "cancelled": token_of(cancelled),
        "truncated": good[:20],
        "nothing left": "",
        "guessed": link_token("nobody", "nobody"),
        "too long": good + "a",
        "a path": f"{good}/go/on",
        "odd": "é%00",
    }


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_dead_or_invented_link_gets_the_same_calm_page(service: FakeService, order: Order, language: str) -> None:
    visitor = Client()
    visitor.cookies["language"] = language
    seen = {}
    for name, token in everything_over(order).items():
        answer = visitor.get(f"/pay/link/{token}")
        assert answer.status_code == 410, name
        seen[name] = (main_of(answer), sorted(answer.headers.items()).__len__())
    assert len(set(seen.values())) == 1, seen
    text = next(iter(seen.values()))[0]
    assert ("Demandez-lui un nouveau lien" if language == "fr" else "Ask them for a new link") in text
    assert "Lina" not in text


@pytest.mark.parametrize("deed", ["payer_go", "payer_refuse", "payer_state", "payer_receipt", "payer_mail"])
def test_no_deed_is_done_by_a_dead_or_invented_link(service: FakeService, order: Order, deed: str) -> None:
    for name, token in everything_over(order).items():
        if not token or "/" in token:
            continue
        before = (Attempt.objects.count(), list(PayerLink.objects.order_by("pk").values_list("status", flat=True)))
        visitor = Client()
        ask = visitor.get if deed == "payer_state" else visitor.post
        answer = ask(reverse(f"pay:{deed}", args=[token]), {"to": "a@example.org", "word": "x"})
        assert answer.status_code in {302, 410, 200} - ({200} if deed != "payer_state" else set()), name
        assert "Lina" not in answer.content.decode()
        assert before == (
            Attempt.objects.count(),
            list(PayerLink.objects.order_by("pk").values_list("status", flat=True)),
        )


def test_guesses_are_limited_by_network_and_who_holds_a_true_link_is_not(link: PayerLink) -> None:
    thief, neighbour = Client(REMOTE_ADDR="192.0.2.7"), Client(REMOTE_ADDR="192.0.2.8")
    answers = [thief.get(f"/pay/link/{link_token(str(turn), 'guess')}") for turn in range(30)]
    codes = [answer.status_code for answer in answers]
    assert codes[:20] == [410] * 20
    assert set(codes[21:]) == {429}
    assert answers[-1].headers["Retry-After"].isdigit()
    assert neighbour.get("/pay/link/cut").status_code == 429, "counted by network"
    assert Client(REMOTE_ADDR="198.51.100.7").get("/pay/link/cut").status_code == 410
    assert neighbour.get(at("payer", link)).status_code == 200
    for name in ("payer_go", "payer_refuse", "payer_mail"):
        assert thief.post(reverse(f"pay:{name}", args=[link_token("x", "y")])).status_code == 429


def test_a_hundred_thousand_guesses_find_nothing() -> None:
    """The look-up itself, without the limit: not one in a hundred thousand, and none is even asked of the database."""
    make_link(OrderFactory())
    tokens = {link_token(str(turn), "guess") for turn in range(1_000)}
    assert not [token for token in tokens if selectors.link_by_token(token)]
    known = {row.token_hash for row in PayerLink.objects.all()}
    assert not known & {secret_hash(link_token(str(turn), "guess")) for turn in range(100_000)}


def test_going_with_a_link_that_ends_at_this_very_moment_is_the_calm_page(payer: Client, link: PayerLink) -> None:
    with mock.patch.object(actions, "go_to_bank", side_effect=Refusal("link_over", "")):
        assert payer.post(at("payer_go", link)).status_code == 410
