"""Paying the CVEC in cash at a post office: from the summary to the certificate."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from messervices.foundations.cash.models import Notice
from messervices.foundations.cash.tests.factories import breaches, read, return_file, settle_all, took
from messervices.foundations.crous.models import Amount
from messervices.foundations.crous.selectors import Kept
from messervices.foundations.ledger.selectors import assert_books_balance, balance
from messervices.foundations.notifications.models import Message
from messervices.foundations.payments.tests.factories import begin
from messervices.foundations.students.models import Person
from messervices.foundations.students.tests.factories import user_of
from messervices.kernel.errors import Refusal
from messervices.services.cvec import actions, manifest
from messervices.services.cvec.models import Acquittement
from messervices.services.cvec.tests.factories import NOW, YEAR, acting, paid_student, signed_in, student

pytestmark = [pytest.mark.django_db]
AT = "/cvec/2026-2027"
PAID_AT_THE_COUNTER = NOW + timedelta(hours=1)


def notice_of(person: Person, now: Any = NOW) -> Notice | None:
    with acting(person) as actor:
        return actions.pay_in_cash(by=actor, person_id=person.pk, year=YEAR, now=now)


def paid_in_cash(person: Person) -> Acquittement:
    notice = notice_of(person)
    assert notice is not None
    read(return_file(took(notice)), PAID_AT_THE_COUNTER)
    settle_all(PAID_AT_THE_COUNTER)
    return Acquittement.objects.select_related("document", "order").get(person=person)


def test_a_notice_is_there_at_once_with_the_fee_apart_and_twice_is_the_same() -> None:
    person = student()
    notice = notice_of(person)
    assert notice is not None
    assert (notice.amount_cents, notice.fee_cents, notice.order.amount_cents) == (105_00, 5_00, 105_00)
    assert notice_of(person) == notice
    assert Acquittement.objects.get(person=person).status == "awaiting_payment"


def test_the_notice_of_a_campaign_that_closes_does_not_outlive_it() -> None:
    closes = NOW.replace(year=2027, month=8, day=30)
    notice = notice_of(student(), closes)
    assert notice is not None
    assert notice.valid_until < closes + timedelta(days=3)


def test_cash_gives_the_certificate_the_mail_and_no_fee_in_the_books() -> None:
    person = student()
    file = paid_in_cash(person)
    assert (file.status, file.amount_cents) == ("paid", 105_00)
    assert file.document is not None
    assert file.document.contents["ground_on"] == "2026-08-28", "the day of the counter"
    assert Message.objects.filter(person=person, kind="cvec.certificate").count() == 1
    assert balance("cvec:2026:collected:versailles") == 105_00
    assert balance("psp:eficash:receivable") == -105_00
    assert breaches() == []
    assert_books_balance()


def test_who_owes_nothing_needs_no_notice() -> None:
    exempt, paid = student(boursier=True), paid_student().person
    for person in (exempt, paid):
        assert notice_of(person) is None
    assert Notice.objects.count() == 0


def test_a_year_whose_fee_is_not_set_offers_no_cash() -> None:
    Amount.objects.filter(kind="cvec.cash_fee", year=YEAR).update(superseded_at=NOW)
    Kept.forget_all()
    person = student()
    with pytest.raises(Refusal, match="fee_unknown"):
        notice_of(person)
    page = signed_in(user_of(person)).get(f"{AT}/summary").content.decode()
    assert "La Poste" not in page


@pytest.mark.parametrize(
    ("language", "said", "after"),
    [
        ("fr", "En espèces à La Poste", "Votre avis est prêt"),
        ("en", "In cash at La Poste", "Your notice is ready"),
    ],
)
def test_the_summary_offers_it_and_then_shows_the_notice(language: str, said: str, after: str) -> None:
    person = student()
    browser = signed_in(user_of(person), language=language)
    page = browser.get(f"{AT}/summary").content.decode()
    assert said in page
    assert re.search(rf'action="{AT}/cash"', page)
    answer = browser.post(f"{AT}/cash")
    notice = Notice.objects.get()
    assert answer["Location"] == reverse("cash:notice", args=[notice.uuid])
    assert browser.post(f"{AT}/cash")["Location"] == answer["Location"]
    page = browser.get(f"{AT}/summary").content.decode()
    assert after in page
    assert answer["Location"] in page


def test_only_a_press_of_the_button_makes_a_notice() -> None:
    browser = signed_in(user_of(student()))
    assert browser.get(f"{AT}/cash")["Location"] == f"{AT}/summary"
    exempt = signed_in(user_of(student(boursier=True)))
    assert exempt.post(f"{AT}/cash")["Location"] == f"{AT}/attestation"
    assert Notice.objects.count() == 0


def test_the_home_says_that_it_is_to_be_paid_at_a_post_office_in_one_query() -> None:
    person = student()
    notice = notice_of(person)
    assert notice is not None
    with acting(person), CaptureQueriesContext(connection) as queries:
        tile = manifest.tile(person.pk, NOW)
    assert len(queries) == 1
    assert tile is not None
    assert (tile.url, tile.badge) == (reverse("cash:notice", args=[notice.uuid]), "À payer à La Poste")
    assert "27 septembre 2026" in str(tile.sentence).replace("\xa0", " ")
    begin(notice.order)
    tile = manifest.tile(person.pk, NOW)
    assert tile is not None
    assert tile.action_label == "Reprendre", "a card was begun: the notice is no more"


@pytest.mark.parametrize(("language", "said"), [("fr", "en espèces à La Poste"), ("en", "in cash at a post office")])
def test_the_receipt_says_cash_and_the_day_of_the_counter(language: str, said: str) -> None:
    person = student()
    paid_in_cash(person)
    browser = signed_in(user_of(person), language=language)
    certificate = browser.get(f"{AT}/attestation").content.decode()
    assert ("espèces à La Poste" if language == "fr" else "cash at a post office") in certificate
    assert ("carte bancaire" if language == "fr" else "bank card") not in certificate
    page = browser.get(f"{AT}/receipt").content.decode()
    assert said in page
    assert "28" in page
    with translation.override(language):
        assert ("105,00" if language == "fr" else "€105.00") in page.replace("\xa0", " ")
