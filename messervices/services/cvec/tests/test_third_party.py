"""A CVEC that somebody else paid, by a link: chosen, said by the certificate, the receipt, the check."""

from collections.abc import Iterator

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import translation

from messervices.foundations.notifications.models import Message
from messervices.foundations.notifications.providers.letter import compose
from messervices.foundations.payments.models import Attempt, PayerLink
from messervices.foundations.payments.tests.factories import notice, tell
from messervices.foundations.payments.tests.links import accept, at, make_link, refuse, token_of
from messervices.foundations.students.models import Person
from messervices.foundations.students.tests.factories import user_of
from messervices.services.cvec.invariants import invariants
from messervices.services.cvec.models import Acquittement
from messervices.services.cvec.tests.factories import NOW, acknowledge, paid_student, signed_in, student
from messervices.services.cvec.tests.test_views import AT, text_of

pytestmark = [pytest.mark.django_db]


@pytest.fixture(autouse=True)
def _by_the_database_too() -> Iterator[None]:
    with at(NOW):
        yield


@pytest.fixture
def me() -> Person:
    return student(first_names="Lina")


def paid_by_a_relative(person: Person) -> Acquittement:
    """Somebody whose mother paid."""
    acquittement = acknowledge(person)
    link = make_link(acquittement.order, NOW)
    accept(link, NOW)
    assert tell(notice(Attempt.objects.get(link=link).number)) == "captured"
    acquittement.refresh_from_db()
    return acquittement


def breaches() -> list[str]:
    found = []
    with connection.cursor() as cursor:
        for invariant in invariants():
            cursor.execute(invariant.sql)
            if cursor.fetchone()[0]:
                found.append(invariant.name)
    return found


@pytest.mark.parametrize(
    ("language", "card", "link"),
    [("fr", "Je paie en ligne", "Un proche paie pour moi"), ("en", "I pay online", "Somebody else pays for me")],
)
def test_the_summary_offers_each_means_with_what_it_brings(me: Person, language: str, card: str, link: str) -> None:
    page = text_of(signed_in(user_of(me), language=language).get(f"{AT}/summary"))
    for words in (card, link, "48 "):
        assert words in page


def test_choosing_the_link_makes_it_at_once_and_twice_is_once(me: Person) -> None:
    browser = signed_in(user_of(me))
    for _turn in range(2):
        answer = browser.post(f"{AT}/pay", {"means": "link"})
        assert answer.status_code == 307
        made = browser.post(answer.headers["Location"], {"means": "link"})
        assert made.status_code == 302
    link = PayerLink.objects.get()
    assert made.headers["Location"] == reverse("pay:link", args=[link.order.uuid])
    assert Acquittement.objects.get().order_id == link.order_id
    page = browser.get(f"{AT}/summary").content.decode()
    assert made.headers["Location"] in page
    assert token_of(link) not in page


def test_the_way_back_from_a_refused_link_leads_to_the_choice_of_means(me: Person) -> None:
    browser = signed_in(user_of(me))
    link = make_link(acknowledge(me).order, NOW)
    refuse(link, now=NOW)
    message = Message.objects.get(kind="payments.link_refused")
    assert "Un proche paie pour moi" in text_of(browser.get(message.link, follow=True))


def test_the_payers_page_says_what_the_cvec_is(me: Person) -> None:
    link = make_link(acknowledge(me).order, NOW)
    for language, words in (("fr", "contribution de vie étudiante"), ("en", "campus life contribution")):
        page = Client(headers={"accept-language": language}).get(f"/pay/link/{token_of(link)}")
        assert words in page.content.decode()


def test_what_somebody_else_paid_is_checked_as_state_76_and_said_everywhere(me: Person) -> None:
    acquittement = paid_by_a_relative(me)
    assert (acquittement.status, acquittement.by_third_party) == ("paid", True)
    answer = Client().get(f"/api/attestation/{acquittement.document.number}", {"etudiant": me.birth_name[:5]})
    assert answer.json()["etat"]["code"] == "76"
    browser = signed_in(user_of(me))
    page = text_of(browser.get(f"{AT}/attestation"))
    assert "un proche" in page
    assert "carte bancaire" in page
    assert "Reçu d’un tiers, pour le compte de" in text_of(browser.get(f"{AT}/receipt"))
    assert breaches() == []


def test_what_one_paid_oneself_stays_state_75() -> None:
    acquittement = paid_student()
    assert not acquittement.by_third_party
    number, name = acquittement.document.number, acquittement.person.birth_name
    assert Client().get(f"/api/attestation/{number}", {"etudiant": name[:5]}).json()["etat"]["code"] == "75"


@pytest.mark.parametrize(("language", "words"), [("fr", "payée pour vous"), ("en", "paid for you")])
def test_the_mail_of_the_certificate_says_that_somebody_else_paid(me: Person, language: str, words: str) -> None:
    paid_by_a_relative(me)
    message = Message.objects.get(kind="cvec.certificate")
    with translation.override(language):
        letter = compose(
            kind=message.kind, params=message.params, language=language, first_name="Lina", link="", crous=""
        )  # fmt: skip
    assert words in letter.text
    assert words in letter.html


def test_a_certificate_that_does_not_say_who_paid_is_found(me: Person) -> None:
    acquittement = paid_by_a_relative(me)
    Acquittement.objects.filter(pk=acquittement.pk).update(by_third_party=False)
    assert len(breaches()) == 1
