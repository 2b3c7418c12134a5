"""How a student chooses to be written to, and what is said when their address is dead."""

import pytest
from django.test import Client
from django.urls import reverse

from messervices.foundations.accounts.models import User
from messervices.foundations.notifications import selectors as inbox
from messervices.foundations.notifications.models import Contact, DeadAddress
from messervices.portal.tests.factories import NOW, UserFactory, known_student, signed_in

pytestmark = pytest.mark.django_db
URL = "/me/contact"
DEAD = "Votre adresse e-mail ne reçoit plus nos messages"
CHOICES = {"language": "fr", "mail": ["follow_up"], "phone": "", "sms": "on"}


def kill_address(user: User) -> None:
    DeadAddress.objects.create(digest=inbox.address_digest(user.email), since=NOW, code="5.1.1")


def test_the_page_says_what_may_be_stopped_and_what_may_not(django_assert_max_num_queries) -> None:
    client = signed_in(known_student())
    client.get(URL)
    with django_assert_max_num_queries(5):
        html = client.get(URL).content.decode()
    assert "Nouvelles de ce qui avance" in html
    for always in (
        "Décisions, et pièces que l’on vous demande",
        "Paiements et remboursements",
        "Sécurité de votre compte",
    ):
        assert f"<li>{always}</li>" in html
    assert "la loi veut que vous en soyez prévenu" in html
    assert DEAD not in html


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("", ""),
        ("06 12 34 56 78", "+33612345678"),
        ("+39 347 123 4567", "+393471234567"),
        ("0086 138 0013 8000", "+8613800138000"),
    ],
)
def test_choices_are_kept_with_a_number_of_any_country_or_none(typed: str, kept: str) -> None:
    user = known_student()
    client = signed_in(user)
    answer = client.post(URL, CHOICES | {"mail": [], "phone": typed, "language": "en"})
    assert (answer.status_code, answer["Location"]) == (302, URL)
    contact = inbox.contact_of(user.person_id or 0)
    assert (contact.phone, contact.sms, contact.mail_off) == (kept, True, ["follow_up"])
    user.refresh_from_db()
    assert user.language == "en"
    html = client.get(URL).content.decode()
    assert '<html lang="en"' in html
    assert "Saved." in html
    if kept:
        assert f'value="{kept}"' in html


def test_a_number_that_is_none_is_said_and_nothing_typed_is_lost() -> None:
    client = signed_in(known_student())
    answer = client.post(URL, CHOICES | {"phone": "06 12", "mail": []})
    assert answer.status_code == 422
    html = answer.content.decode()
    assert "Ce numéro n’est pas complet" in html
    assert 'value="06 12"' in html
    assert not Contact.objects.exists()


def test_somebody_signed_out_meanwhile_finds_what_they_typed(client: Client) -> None:
    assert client.post(URL, CHOICES).status_code == 302
    assert client.get(URL)["Location"].startswith("/account/login")
    assert signed_in(UserFactory.create()).get(URL)["Location"] == reverse("portal:identity")
    assert signed_in(UserFactory.create(establishment=True)).get(URL).status_code == 403


@pytest.mark.parametrize("path", ["/", "/me/messages", URL])
def test_a_dead_address_is_said_where_one_looks_with_the_way_out(path: str) -> None:
    user = known_student()
    client = signed_in(user)
    assert DEAD not in client.get(path).content.decode()
    kill_address(user)
    html = client.get(path).content.decode()
    assert DEAD in html
    assert reverse("account_email") in html
    assert reverse("portal:trust_address") in html


def test_its_owner_may_say_that_it_works_again() -> None:
    user = known_student()
    kill_address(user)
    kill_address(known_student())
    client = signed_in(user)
    assert client.get("/me/contact/address").status_code == 405
    html = client.post("/me/contact/address", follow=True).content.decode()
    assert "Nous écrirons à nouveau à cette adresse." in html
    assert DEAD not in html
    assert DeadAddress.objects.count() == 1, "nobody else’s"
    assert client.post("/me/contact/address")["Location"] == URL


def test_after_three_times_in_a_day_it_is_refused_calmly() -> None:
    user = known_student()
    client = signed_in(user)
    for _turn in range(3):
        kill_address(user)
        client.post("/me/contact/address")
    kill_address(user)
    answer = client.post("/me/contact/address")
    assert answer.status_code == 409
    assert "réessayez demain" in answer.content.decode()


def test_a_number_that_takes_no_sms_is_said() -> None:
    user = known_student()
    Contact.objects.create(person_id=user.person_id, phone="+393471234567", phone_failed_at=NOW)
    client = signed_in(user)
    assert "Ce numéro ne reçoit pas nos SMS" in client.get(URL).content.decode()
    client.post(URL, CHOICES | {"phone": "+393471234567"})
    assert "Ce numéro ne reçoit pas nos SMS" not in client.get(URL).content.decode()
