"""Pages of whoever is paid: an account given after a proof, blocked without one; payouts followed."""

from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.urls import reverse
from django.utils import translation

from messervices.foundations.accounts.models import User
from messervices.foundations.crous.models import Establishment, Referent
from messervices.foundations.notifications.selectors import inbox_of
from messervices.foundations.payouts.actions.notices import freeze_path
from messervices.foundations.payouts.models import BankDetails
from messervices.foundations.payouts.tests.factories import (
    IBANS,
    NOW,
    FakeService,
    cooled,
    give_back,
    hear,
    order,
    pain_002,
    ready,
    sent,
    tell,
)  # fmt: skip
from messervices.foundations.students.models import Person
from messervices.foundations.students.tests.factories import UserFactory, told
from messervices.kernel import clock

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("service")]
DETAILS, PAYOUTS = reverse("payouts:details"), reverse("payouts:payouts")
TYPED = {"iban": "FR76 3000 6000 0112 3456 7890 189", "holder": "Lina Benali"}


def enter(client: Client, user: User) -> Client:
    """Sign somebody in who proved who they are some time ago."""
    client.force_login(user, backend=django_settings.AUTHENTICATION_BACKENDS[0])
    return proven(client, at=0)


def proven(client: Client, at: float) -> Client:
    """Say when whoever is signed in last proved who they are."""
    session = client.session
    session["account_authentication_methods_user"] = session["_auth_user_id"]
    session["account_authentication_methods"] = [{"method": "password", "at": at, "reauthenticated": True}]
    session.save()
    return client


def fresh(client: Client) -> Client:
    """Prove again, just now, who one is."""
    return proven(client, at=clock.now().timestamp())


@pytest.fixture
def lina(client: Client) -> Person:
    """A student, signed in and proven."""
    person = told(UserFactory(), birth_name="Benali", first_names="Lina")
    client.cookies["language"] = "fr"
    fresh(enter(client, User.objects.get(person_id=person.pk)))
    return person


def text(answer: Any) -> str:
    return answer.content.decode().replace("\xa0", " ")


def test_an_account_is_given_shown_by_its_last_four_and_never_again(client: Client, lina: Person) -> None:
    assert "Aucun compte pour le moment" in text(client.get(DETAILS))
    answer = client.post(DETAILS, TYPED, follow=True)
    page = text(answer)
    assert "FR •••• 0189" in page
    assert "CREDIT AGRICOLE" in page
    assert "Un délai de sécurité court" in page
    assert IBANS["fr"] not in page.replace(" ", "")
    assert BankDetails.objects.get().person == lina
    assert "rien n’a changé" in text(client.post(DETAILS, TYPED, follow=True))


def test_who_has_not_proven_who_they_are_is_asked_first_and_what_was_typed_is_kept_nowhere(
    client: Client, lina: Person
) -> None:
    proven(client, at=0)
    asked = client.get(DETAILS)
    assert asked.status_code == 302
    assert asked.headers["Location"].startswith(reverse("account_reauthenticate"))
    answer = client.post(DETAILS, TYPED)
    assert (answer.status_code, answer.headers["Location"]) == (302, DETAILS)
    assert not BankDetails.objects.exists()
    assert "3000" not in str(dict(client.session.items()))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"iban": "FR76 3000 6000 0112 3456 7890 188"}, "faute de frappe"),
        ({"iban": "bonjour"}, "Ce n’est pas un IBAN"), ({"iban": ""}, "Écrivez l’IBAN"),
        ({"iban": "TN59 1000 6035 1835 9847 8831"}, "hors de la zone SEPA"), ({"holder": ""}, "Écrivez le nom"),
        ({"holder": "Ελένη"}, "lettres latines"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_beside_the_field_with_what_to_do(
    client: Client, lina: Person, changes: dict[str, str], said: str
) -> None:
    answer = client.post(DETAILS, TYPED | changes)
    assert answer.status_code == 422
    assert said in text(answer)


def test_an_unknown_bank_and_another_name_are_said_calmly(client: Client, lina: Person) -> None:
    page = text(client.post(DETAILS, {"iban": IBANS["be"], "holder": "Karim Autre"}, follow=True))
    assert "Inconnue de notre annuaire" in page
    assert "Le nom du titulaire n’est pas le vôtre" in page


def test_after_giving_an_account_one_goes_on_where_one_came_from_and_nowhere_else(client: Client, lina: Person) -> None:
    assert client.post(f"{DETAILS}?next=/cvec/", TYPED).headers["Location"] == "/cvec/"
    elsewhere = client.post(DETAILS, TYPED | {"iban": IBANS["de"], "next": "https://evil.example/"})
    assert elsewhere.headers["Location"] == DETAILS


def test_an_account_may_not_be_changed_without_end(client: Client, lina: Person) -> None:
    for turn in range(9):
        answer = client.post(DETAILS, TYPED | {"iban": list(IBANS.values())[turn % 2]})
    assert answer.status_code == 422
    assert "Trop d’essais" in text(answer)


def test_one_blocks_ones_own_account_in_one_click(client: Client, lina: Person) -> None:
    tell(lina, IBANS["fr"])
    client.post(reverse("payouts:freeze_own"))
    assert BankDetails.objects.get().is_frozen
    sign = fresh(client)
    assert "Ce compte est bloqué" in text(sign.get(DETAILS))


def test_the_link_of_the_message_blocks_without_signing_in_by_its_button_alone(client: Client) -> None:
    details = cooled()
    address = freeze_path(details)
    page = client.get(address)
    assert "Bloquer ce compte" in text(page)
    assert not BankDetails.objects.get().is_frozen, "a mail program that opens links blocks nothing"
    assert "Ce compte est bloqué" in text(client.post(address))
    assert BankDetails.objects.get().is_frozen
    assert client.get(address[:-3]).status_code == 410
    assert client.post(address[:-3]).status_code == 410


def test_payouts_are_followed_to_their_end_and_a_return_says_what_to_do(
    client: Client, lina: Person, service: FakeService, django_assert_max_num_queries
) -> None:
    assert "Aucun virement" in text(client.get(PAYOUTS))
    payout = order(cooled(lina))
    run = sent()
    hear(pain_002(run.files.get().pk, group="ACSP"))
    give_back(f"{payout.number}-1", "AC04")
    with django_assert_max_num_queries(6):
        page = text(client.get(PAYOUTS))
    for said in (
        "Virement décidé",
        "Accepté par la banque",
        "Ce compte est fermé.",
        "Donner un autre compte",
        payout.number,
    ):
        assert said in page, said


def test_nobody_elses_account_or_payouts_are_there(client: Client, lina: Person) -> None:
    details = cooled()
    order(details)
    assert details.masked not in text(client.get(DETAILS))
    assert "Aucun virement" in text(client.get(PAYOUTS))


def test_a_referent_gives_the_account_of_an_establishment_of_their_own_only(client: Client) -> None:
    user = UserFactory(kind="establishment")
    Referent.objects.create(user=user, establishment=Establishment.objects.get(pk="0781944P"), slot=1, since=NOW)
    client.cookies["language"] = "fr"
    fresh(enter(client, user))
    address = f"{DETAILS}?for=0781944P"
    page = text(client.post(address, TYPED | {"holder": "Agent comptable UVSQ"}, follow=True))
    assert "FR •••• 0189" in page
    assert client.get(f"{DETAILS}?for=0595964M").status_code == 404
    assert client.get(DETAILS).status_code == 403


def test_who_has_not_signed_in_goes_to_sign_in(client: Client) -> None:
    assert client.get(DETAILS).headers["Location"].startswith("/account/login/")
    assert client.get(PAYOUTS).status_code == 302
    assert client.post(reverse("payouts:freeze_own")).status_code == 302


def test_the_page_of_the_account_asks_few_questions(
    client: Client, lina: Person, django_assert_max_num_queries
) -> None:
    tell(lina, IBANS["fr"])
    with django_assert_max_num_queries(5):
        client.get(DETAILS)


def test_every_message_is_written_in_both_languages(client: Client, lina: Person) -> None:
    payout = ready()[0]
    sent()
    give_back(f"{payout.number}-1", "AC04")
    for language, word in (("fr", "virement"), ("en", "transfer")):
        with translation.override(language):
            titles = [entry.title for entry in inbox_of(payout.person_id)]
        assert any(word in title for title in titles), titles
