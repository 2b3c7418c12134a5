"""What who got a link is shown, and nothing else (T14): each state, both languages, and links that are none."""

import html
import re

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from messervices.foundations.notifications import actions as notifications
from messervices.foundations.notifications.models import OutgoingMail
from messervices.foundations.payments.models import Attempt, Order, PayerLink
from messervices.foundations.payments.rules import RESUME_WITHIN, Outcome
from messervices.foundations.payments.tests.factories import FakeRail, FakeService, OrderFactory, notice, said, tell
from messervices.foundations.payments.tests.links import address as at
from messervices.foundations.payments.tests.links import cancel, leave, main_of, make_link, token_of
from messervices.foundations.students.tests.factories import PersonFactory

pytestmark = pytest.mark.django_db

PERSON = {
    "first_names": "Lina, Sarah", "birth_name": "Benali", "usual_name": "Darc", "birth_on": "2008-03-14",
    "ine": "2345678901A", "birth_place": "Saint-Germain-en-Laye", "birth_commune": "78551",
}  # fmt: skip
SECRET = ["Benali", "Darc", "Sarah", "2008", "mars", "2345678901A", "Saint-Germain", "78551", "@", "Crous de", "T00"]
"""What a page for a payer never says of a student: names, birth, number, address, Crous, reference of the order."""


@pytest.fixture
def order() -> Order:
    return OrderFactory(person=PersonFactory(**PERSON), created_at=timezone.now())


@pytest.fixture
def link(order: Order) -> PayerLink:
    return make_link(order, timezone.now())


@pytest.fixture
def payer() -> Client:
    """The browser of somebody who has no account here."""
    return Client(headers={"accept-language": "fr"})


# What is said


@pytest.mark.parametrize(
    ("language", "sentence", "button"),
    [
        ("fr", "Lina vous demande de payer 105,00\u00a0€", "Payer 105,00\u00a0€"),
        ("en", "Lina asks you to pay €105.00", "Pay €105.00"),
        ("de", "Lina vous demande de payer 105,00\u00a0€", "Payer 105,00\u00a0€"),
    ],
)
def test_the_page_speaks_the_language_of_the_browser(
    link: PayerLink, language: str, sentence: str, button: str
) -> None:
    browser = Client(headers={"accept-language": f"{language};q=1.0, fr;q=0.1"})
    answer = browser.get(at("payer", link))
    assert answer.status_code == 200
    assert sentence.replace("\u00a0", " ") in main_of(answer)
    assert button.replace("\u00a0", " ") in main_of(answer)
    assert 'action="/preferences"' in answer.content.decode(), "and another may be chosen"


def test_t14_the_page_says_three_fields_and_no_other(payer: Client, link: PayerLink) -> None:
    """Every datum of the page, one by one: what stands in it and is not our own sentence must be on the allow-list."""
    answer = payer.get(at("payer", link))
    body, text = answer.content.decode(), main_of(answer)
    said_fields = dict(re.findall(r'data-said="(\w+)">([^<]*)<', body))
    assert {name: html.unescape(value) for name, value in said_fields.items()} == {
        "first_name": "Lina", "label": "CVEC 2026-2027", "amount": "105,00\u00a0€",
    }  # fmt: skip
    other = make_link(
        OrderFactory(
            person=PersonFactory(first_names="Xyzzy"), label="Plugh", amount_cents=777_00, created_at=timezone.now()
        ),
        link.opened_at,
    )
    changed = main_of(payer.get(at("payer", other)))
    for mine, theirs in (("Lina", "Xyzzy"), ("CVEC 2026-2027", "Plugh"), ("105,00", "777,00")):
        text = text.replace(mine, theirs)
    assert changed == text, "two students' pages differ by these three fields alone"
    for secret in SECRET:
        assert secret not in main_of(payer.get(at("payer", link))), secret
    for secret in (*SECRET[:3], "2345678901A", str(link.order.uuid), link.order.number, str(link.uuid)):
        assert secret not in body, secret


def test_nothing_of_the_student_is_on_any_page_of_the_payer(
    payer: Client, service: FakeService, link: PayerLink
) -> None:
    pages = [payer.get(at("payer", link)), payer.get(at("payer_refuse", link)), payer.post(at("payer_go", link))]
    pages += [payer.get(at("payer", link)), Client().get(at("payer", link))]
    pages.append(payer.get(reverse("pay:payer_back", args=[link.uuid]), follow=True))
    tell(notice(Attempt.objects.get().number))
    pages += [payer.get(at("payer", link)), payer.get(at("payer_receipt", link)), Client().get(at("payer", link))]
    for answer in pages:
        body = answer.content.decode()
        for secret in ("Benali", "Darc", "Sarah", "2345678901A", "Saint-Germain", str(link.order.uuid)):
            assert secret not in body, (secret, answer.request["PATH_INFO"])


def test_the_page_is_kept_out_of_caches_indexes_and_of_other_sites_logs(payer: Client, link: PayerLink) -> None:
    for answer in (payer.get(at("payer", link)), payer.get("/pay/link/none"), payer.post(at("payer_go", link))):
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["X-Robots-Tag"].startswith("noindex, nofollow")
        assert "no-store" in answer.headers["Cache-Control"]
        assert '<meta name="robots" content="noindex, nofollow">' in answer.content.decode()


def test_looking_changes_nothing(payer: Client, link: PayerLink) -> None:
    for _turn in range(3):
        payer.get(at("payer", link))
        payer.head(at("payer", link))
        payer.get(at("payer_refuse", link))
        assert payer.get(at("payer_go", link)).status_code == 405
    link.refresh_from_db()
    assert (link.status, Attempt.objects.count()) == ("open", 0)


def test_the_page_costs_few_queries(payer: Client, link: PayerLink, django_assert_num_queries) -> None:
    payer.get(at("payer", link))
    with django_assert_num_queries(3):
        payer.get(at("payer", link))
    with django_assert_num_queries(3):
        payer.get(at("payer_state", link))


# Paying


def test_who_accepts_leaves_for_the_bank_which_learns_no_secret(payer: Client, link: PayerLink) -> None:
    fields = leave(payer, link)
    assert fields["vads_amount"] == "10500"
    assert fields["vads_url_return"].endswith(f"/pay/link/back/{link.uuid}")
    assert token_of(link) not in str(fields)
    cookie = payer.cookies[f"payer-{link.uuid.hex[:12]}"]
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == ("/pay/link/", True, "Lax")
    assert token_of(link) not in cookie.value
    assert leave(payer, link) == fields


def test_no_cookie_is_needed_to_pay(link: PayerLink) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(at("payer_go", link)).status_code == 200


def test_coming_back_leads_to_ones_own_page_and_then_to_the_receipt(
    payer: Client, service: FakeService, link: PayerLink
) -> None:
    leave(payer, link)
    back = payer.get(reverse("pay:payer_back", args=[link.uuid]))
    assert back.headers["Location"] == at("payer", link)
    page = payer.get(at("payer", link))
    assert "Nous attendons la réponse de la banque" in main_of(page)
    poll = re.findall(r'data-poll="([^"]*)"', page.content.decode())[0]
    assert payer.get(poll).status_code == 204
    tell(notice(Attempt.objects.get().number))
    assert payer.get(poll).json() == {"url": at("payer", link)}
    assert "Merci, c’est payé" in main_of(payer.get(at("payer", link)))


def test_coming_back_in_another_browser_tells_nothing_and_notes_the_return(payer: Client, link: PayerLink) -> None:
    leave(payer, link)
    page = Client().get(reverse("pay:payer_back", args=[link.uuid]))
    assert page.status_code == 200
    assert token_of(link) not in page.content.decode()
    assert "Lina" not in page.content.decode()
    assert Attempt.objects.get().status == "unconfirmed"


def test_the_second_payer_waits_calmly_and_may_pay_when_the_first_did_not(payer: Client, link: PayerLink) -> None:
    second = Client()
    leave(payer, link)
    assert second.post(at("payer_go", link)).headers["Location"] == at("payer", link)
    page = second.get(at("payer", link))
    assert "Quelqu’un est en train de payer" in main_of(page)
    assert "payer_go" not in page.content.decode()
    assert at("payer_go", link) not in page.content.decode()
    poll = re.findall(r'data-poll="([^"]*)"', page.content.decode())[0]
    assert second.get(poll).status_code == 204
    assert "Votre paiement est commencé" in main_of(payer.get(at("payer", link)))
    tell(notice(Attempt.objects.get().number, "ABANDONED"))
    assert second.get(poll).json() == {"url": at("payer", link)}
    assert "n’a pas été terminé" in main_of(second.get(at("payer", link)))
    assert leave(second, link)["vads_order_id"].endswith("-2")


def test_a_refused_card_says_so_and_may_be_tried_again(payer: Client, link: PayerLink) -> None:
    leave(payer, link)
    tell(notice(Attempt.objects.get().number, "REFUSED"))
    text = main_of(payer.get(at("payer", link)))
    assert "La banque a refusé le paiement" in text
    assert "Payer 105,00 €" in text


def test_a_doubtful_payment_says_to_wait(payer: Client, link: PayerLink) -> None:
    leave(payer, link)
    tell(notice(Attempt.objects.get().number, amount="1", effective_amount="1"))
    assert "Un agent vérifie" in main_of(payer.get(at("payer", link)))


def test_a_bank_that_is_down_begins_nothing_and_says_so(payer: Client, link: PayerLink, bank: FakeRail) -> None:
    leave(payer, link)
    Attempt.objects.update(begun_at=timezone.now() - RESUME_WITHIN)
    answer = payer.post(at("payer_go", link))
    assert answer.status_code == 503
    assert "La banque ne répond pas" in main_of(answer)


def test_who_paid_too_late_reads_that_the_money_goes_back(
    payer: Client, service: FakeService, link: PayerLink, bank: FakeRail
) -> None:
    leave(payer, link)
    bank.says = said(Outcome.UNFINISHED)
    cancel(link.order, timezone.now())
    assert payer.get(at("payer", link)).status_code == 410
    assert tell(notice(Attempt.objects.get().number)) == "surplus"
    assert "L’argent vous est rendu" in main_of(payer.get(at("payer", link)))
    assert Client().get(at("payer", link)).status_code == 410, "nobody else learns of it"


# Refusing


@pytest.mark.parametrize(("language", "noted"), [("fr", "vous ne payez pas"), ("en", "you are not paying")])
def test_refusing_asks_once_more_takes_a_word_and_ends_the_link(link: PayerLink, language: str, noted: str) -> None:
    payer = Client(headers={"accept-language": language})
    assert payer.get(at("payer_refuse", link)).status_code == 200
    assert payer.post(at("payer_refuse", link), {"word": "x" * 201}).status_code == 422
    assert noted in main_of(payer.post(at("payer_refuse", link), {"word": "Pas ce mois-ci"}))
    link.refresh_from_db()
    assert (link.status, link.word) == ("refused", "Pas ce mois-ci")
    assert payer.post(at("payer_refuse", link), {"word": ""}, follow=True).status_code == 410


def test_nobody_refuses_while_somebody_pays(payer: Client, link: PayerLink) -> None:
    leave(payer, link)
    for browser in (payer, Client()):
        assert browser.post(at("payer_refuse", link)).headers["Location"] == at("payer", link)
    link.refresh_from_db()
    assert link.status == "accepted"


# Receipt


@pytest.fixture
def paid(payer: Client, service: FakeService, link: PayerLink) -> PayerLink:
    leave(payer, link)
    tell(notice(Attempt.objects.get().number))
    return link


def test_the_receipt_says_who_paid_what_and_nothing_of_the_student_but_a_first_name(
    payer: Client, paid: PayerLink
) -> None:
    text = main_of(payer.post(at("payer_receipt", paid), {"name": "Farida Benamar"}))
    for wanted in ("Reçu de Farida Benamar la somme de 105,00 €", "CVEC 2026-2027", "Lina", paid.order.number):
        assert wanted in text
    for secret in ("Benali", "Darc", "Sarah", "2345678901A", "2008", "@"):
        assert secret not in text
    assert "par un lien de paiement" in main_of(payer.get(at("payer_receipt", paid)))
    assert "data-print" in payer.get(at("payer_receipt", paid)).content.decode()


def test_the_receipt_is_for_the_browser_that_paid_alone(paid: PayerLink) -> None:
    stranger = Client()
    assert stranger.get(at("payer", paid)).status_code == 410
    for name in ("payer_receipt", "payer_mail"):
        assert stranger.post(at(name, paid), {"to": "a@example.org"}).headers["Location"] == at("payer", paid)
    assert not OutgoingMail.objects.exists()


@pytest.mark.parametrize(
    ("language", "subject", "sum_"), [("fr", "Votre reçu", "105,00\u00a0€"), ("en", "Your receipt", "€105.00")]
)
def test_the_receipt_is_mailed_three_times_a_day_at_most_and_nothing_is_kept(
    payer: Client, paid: PayerLink, language: str, subject: str, sum_: str
) -> None:
    payer.cookies["language"] = language
    assert payer.post(at("payer_mail", paid), {"to": "farida@"}).status_code == 422
    for _turn in range(3):
        payer.post(at("payer_mail", paid), {"to": "farida@example.org", "name": "Farida Benamar"})
    assert payer.post(at("payer_mail", paid), {"to": "farida@example.org"}).status_code == 422
    row = OutgoingMail.objects.order_by("pk")[0]
    notifications.send_mail(mail_id=row.pk, now=timezone.now())
    (letter,) = mail.outbox
    assert letter.to == ["farida@example.org"]
    assert subject in letter.subject
    for wanted in ("Farida Benamar", sum_, paid.order.number):
        assert wanted in letter.body.replace(" €", "\u00a0€")
    row.refresh_from_db()
    assert row.params == {}
