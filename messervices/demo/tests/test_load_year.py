import csv
import re
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse

from messervices.demo import papers, rules, selectors
from messervices.demo.actions.keep_books import ODD
from messervices.demo.actions.load_year import STEPS, load, season_of
from messervices.demo.rules import Standing
from messervices.demo.states import CARDS, PASSWORD, SIGN_INS
from messervices.foundations.accounts.models import User
from messervices.foundations.accounts.selectors import actor_of
from messervices.foundations.audit.models import Deed, Read
from messervices.foundations.ledger.selectors import assert_books_balance
from messervices.foundations.payments.models import PayerLink
from messervices.foundations.payments.tests.links import at
from messervices.foundations.students.models import IdentifierCase, Person
from messervices.foundations.students.rules import read_ine
from messervices.foundations.students.states import IdentifierStatus
from messervices.foundations.treasury.models import BankAccount, Contract, File, Mismatch, Sheet
from messervices.foundations.treasury.states import RESOLVE
from messervices.kernel.academic_year import AcademicYear
from messervices.kernel.invariants import all_invariants
from messervices.services.cvec.models import Acquittement
from messervices.services.cvec.states import Status

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)


def test_further_students_are_always_the_same_and_all_different():
    everybody = [rules.other(number) for number in range(rules.OTHERS)]
    assert everybody == [rules.other(number) for number in range(rules.OTHERS)]
    assert len({one.email for one in everybody}) == rules.OTHERS
    assert len({(one.birth_name, one.first_names) for one in everybody}) == rules.OTHERS
    assert len({one.ine for one in everybody}) == rules.OTHERS - 1
    assert {one.standing for one in everybody} == set(Standing)


def test_their_numbers_have_the_keys_they_should():
    for number in range(rules.OTHERS):
        reading = read_ine(rules.other(number).ine)
        assert reading.is_ine
        assert reading.key_ok is (number != rules.WRONG_KEY)


def test_the_claimant_and_the_one_with_the_wrong_key_are_followed_so_that_an_agent_sees_them():
    begun = {Standing.PAID, Standing.PAID_BOTH, Standing.EXEMPT, Standing.TO_PAY, Standing.EXEMPT_BEFORE}
    assert {rules.other(number).standing for number in (rules.CLAIMED, rules.CLAIMANT, rules.WRONG_KEY)} <= begun


def test_cards_are_those_of_the_bank():
    bank = Path(__file__).parents[3] / "bank" / "cards.py"
    assert [number for number, _said in CARDS] == re.findall(r'Card\("(\d{16})"', bank.read_text())


def test_everybody_has_an_address_that_no_network_carries():
    for one in SIGN_INS:
        assert one.email.endswith(".example")


def acquittements():
    """Those of everybody, by address and year."""
    emails = dict(User.objects.exclude(person_id=None).values_list("person_id", "email"))
    return {(emails[row.person_id], row.year): row.status for row in Acquittement.objects.all()}


def everybody_stands_where_they_should():
    year, found = AcademicYear(2026), acquittements()
    assert found["clara.fontaine@etudiant.example", year] == Status.PAID
    assert found["clara.fontaine@etudiant.example", year.previous] == Status.PAID
    for number in range(rules.OTHERS):
        other = rules.other(number)
        expected = {
            Standing.PAID: (Status.PAID, None),
            Standing.EXEMPT: (Status.EXEMPT, None),
            Standing.PAID_BOTH: (Status.PAID, Status.PAID),
            Standing.EXEMPT_BEFORE: (None, Status.EXEMPT),
            Standing.TO_PAY: (Status.AWAITING_PAYMENT, None),
        }.get(other.standing, (None, None))
        assert (found.get((other.email, year)), found.get((other.email, year.previous))) == expected, other


def one_number_is_claimed_twice_and_one_is_to_be_verified():
    assert 26 in IdentifierCase.objects.get().person.crous_ids
    assert Person.objects.filter(ine_status=IdentifierStatus.TO_VERIFY).count() == 1


def the_foreign_student_has_a_provisional_number_and_reads_english():
    user = User.objects.get(email="mei.chen@etudiant.example")
    assert user.language == "en"
    assert Person.objects.get(pk=user.person_id).ine[4] == "D"


def a_relative_is_asked_to_pay_by_a_link_that_works():
    asked = selectors.payer_link()
    page = Client().get(asked.address.removeprefix(settings.SITE_URL))
    assert page.status_code == 200
    assert "Inès" in page.content.decode()
    assert "Garcia" not in page.content.decode()
    assert asked.address in Client().get(reverse("demo:home")).content.decode()
    out = StringIO()
    call_command("demo_signins", stdout=out)
    assert asked.address in out.getvalue()


def who_has_nothing_done_has_nothing():
    assert User.objects.get(email="lina.benali@etudiant.example").person_id is None


def books_and_invariants_hold():
    assert_books_balance()
    for room, invariant in all_invariants():
        with connection.cursor() as cursor:
            cursor.execute(invariant.sql)
            assert cursor.fetchone()[0] == 0, (room, invariant.name)


def agents_have_their_rights_at_their_crous_only_and_opened_some_files():
    versailles = User.objects.get(email="camille.roux@crous.example")
    assert versailles.crous_ids == [26]
    assert not versailles.national
    assert User.objects.get(email="nadia.perrin@cnous.example").national
    assert Read.objects.filter(agent_id=versailles.pk, crous_id=26).count() == 6


def the_accountant_has_books_that_hold_and_three_things_to_explain():
    kinds = Mismatch.objects.filter(status="open").values_list("crous__slug", "kind").order_by("kind")
    assert list(kinds) == [
        (ODD, "fee_unexpected"), (ODD, "missing_at_bank"), (ODD, "unknown_reference"),
    ]  # fmt: skip
    assert BankAccount.objects.filter(contracts__number__startswith="2000").count() == 26
    assert set(File.objects.values_list("status", flat=True)) == {"done"}
    assert Sheet.objects.filter(crous_id=26, rail="lyra").exists()
    accountant = actor_of(User.objects.get(email="denis.morin@crous.example"))
    assert accountant.may(RESOLVE)
    assert accountant.crous_ids == (26,)


def the_account_of_each_crous_is_the_one_of_its_transfers():
    debtors = {row["crous_id"]: row["iban"] for row in csv.DictReader(settings.PAYOUT_DEBTORS.read_text().splitlines())}
    assert debtors == {str(number): papers.iban(number) for number in range(1, 27)}


def everybody_can_sign_in():
    for one in SIGN_INS:
        client = Client()
        response = client.post(reverse("account_login"), {"login": one.email, "password": PASSWORD})
        assert response.status_code == 302
        if one.code_key:
            assert response.headers["Location"] == reverse("mfa_authenticate")
            client.post(reverse("mfa_authenticate"), {"code": selectors.code_of(one.code_key)})
        assert client.session["_auth_user_id"] == str(User.objects.get(email=one.email).pk)


def loading_again_changes_nothing_not_even_what_a_visitor_did():
    user = User.objects.get(email="hugo.morel@etudiant.example")
    user.set_password("le mot de passe du visiteur")
    user.save()
    tables = (User, Person, Acquittement, Deed, Read, IdentifierCase, File, Contract, Mismatch, Sheet)
    before = [table.objects.count() for table in tables]
    list(load(NOW))
    assert before == [table.objects.count() for table in tables]
    assert User.objects.get(pk=user.pk).check_password("le mot de passe du visiteur")


@pytest.mark.django_db
def test_the_year_is_as_the_readme_tells(subtests):
    assert len(list(load(NOW))) == STEPS
    for promise in (
        everybody_stands_where_they_should,
        one_number_is_claimed_twice_and_one_is_to_be_verified,
        the_foreign_student_has_a_provisional_number_and_reads_english,
        a_relative_is_asked_to_pay_by_a_link_that_works,
        who_has_nothing_done_has_nothing,
        books_and_invariants_hold,
        the_accountant_has_books_that_hold_and_three_things_to_explain,
        the_account_of_each_crous_is_the_one_of_its_transfers,
        agents_have_their_rights_at_their_crous_only_and_opened_some_files,
        everybody_can_sign_in,
        loading_again_changes_nothing_not_even_what_a_visitor_did,
    ):
        with subtests.test(promise.__name__):
            promise()


@pytest.mark.django_db
@pytest.mark.parametrize("now", [datetime(2027, 5, 2, 9, tzinfo=UTC), datetime(2031, 1, 1, tzinfo=UTC)])
def test_any_season_can_be_shown(now):
    season = season_of(now)
    assert len(list(load(now))) == STEPS
    if season.year is None:
        assert not Acquittement.objects.exists()
    else:
        assert Acquittement.objects.filter(year=season.year, settled_at__lte=now).exists()
    assert not Deed.objects.filter(at__gt=now, verb__startswith="cvec.").exists()


@pytest.mark.django_db
def test_a_link_that_is_over_is_made_anew_and_once_paid_there_is_none():
    list(load(NOW))
    first = selectors.payer_link()
    with at(first.until + timedelta(minutes=1)):
        assert selectors.payer_link() is None
        list(load(NOW))
        again = selectors.payer_link()
    assert again.address != first.address
    PayerLink.objects.update(status="cancelled", ended_at=NOW)
    assert selectors.payer_link() is None
    assert "connectez-vous comme elle" in Client().get(reverse("demo:home")).content.decode()


@pytest.mark.django_db
class TestPages:
    @pytest.mark.parametrize("language", ["fr", "en"])
    def test_the_home_of_the_demonstration_says_all(self, client, language):
        client.cookies["language"] = language
        page = client.get(reverse("demo:home")).content.decode()
        for one in SIGN_INS:
            assert one.email in page
        assert PASSWORD in page
        assert "4970 1000 0000 0014" in page

    def test_codes_are_those_of_now(self, client):
        codes = client.get(reverse("demo:codes")).json()
        assert codes["camille.roux@crous.example"] == selectors.code_of("VERSAILLES2VERSAILLES2VERSAILLES")
        assert len(codes) == 4

    def test_every_page_says_that_it_is_a_demonstration(self, client):
        assert reverse("demo:mails") in client.get("/account/login/").content.decode()

    def test_the_command_prints_who_one_may_be(self):
        out = StringIO()
        call_command("demo_signins", stdout=out)
        for one in SIGN_INS:
            assert one.email in out.getvalue()
        assert "4970 1000 0000 0014" in out.getvalue()
        assert "Student, nothing done" in out.getvalue()
