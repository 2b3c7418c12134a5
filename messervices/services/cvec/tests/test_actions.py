"""What people and the bank do: each deed once, twice, and with the number of its queries."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from messervices.foundations.audit.models import Deed
from messervices.foundations.crous.models import Amount, Establishment
from messervices.foundations.crous.selectors import Kept
from messervices.foundations.documents.models import Document
from messervices.foundations.documents.rules import spaced
from messervices.foundations.ledger.selectors import assert_books_balance, balance
from messervices.foundations.notifications.models import Message
from messervices.foundations.payments import actions as payments
from messervices.foundations.payments.models import Order
from messervices.foundations.payments.tests.factories import begin, notice, receive, tell
from messervices.foundations.students.models import Person
from messervices.foundations.students.selectors import fact
from messervices.foundations.students.tests.factories import give_fact
from messervices.kernel.actor import Actor
from messervices.kernel.errors import Refusal
from messervices.services.cvec import actions, selectors
from messervices.services.cvec.models import Acquittement, Check
from messervices.services.cvec.states import Status
from messervices.services.cvec.tests.factories import (
    LYON,
    LYON_CITY,
    NOUMEA,
    NOW,
    SAINT_GERMAIN,
    VERSAILLES,
    VERSAILLES_CITY,
    YEAR,
    AcquittementFactory,
    acknowledge,
    acting,
    actor_of,
    paid_student,
    pay,
    referent,
    student,
)

pytestmark = [pytest.mark.django_db]


def choose(person: Person, code: str) -> None:
    with acting(person) as actor:
        actions.choose_city(by=actor, person_id=person.pk, year=YEAR, code=code, now=NOW)


def deeds(person: Person) -> list[str]:
    return list(Deed.objects.filter(person_id=person.pk).order_by("at", "pk").values_list("verb", flat=True))


def test_a_city_is_said_once_and_known_by_all() -> None:
    person = student(city="")
    choose(person, VERSAILLES_CITY)
    choose(person, VERSAILLES_CITY)
    known = fact(person.pk, "study_city", YEAR)
    assert known is not None
    assert known.value == {"commune": VERSAILLES_CITY, "name": "Versailles"}
    assert deeds(person) == ["cvec.choose_city"]


@pytest.mark.parametrize(("code", "refused"), [("00000", "commune_unknown"), (NOUMEA, "commune_without_crous")])
def test_a_city_that_is_unknown_or_without_crous_is_refused(code: str, refused: str) -> None:
    person = student(city="")
    with pytest.raises(Refusal) as refusal:
        choose(person, code)
    assert refusal.value.code == refused
    assert fact(person.pk, "study_city", YEAR) is None


def test_boursier_is_exempt_at_once_and_pays_nothing() -> None:
    person = student(boursier=True)
    acquittement = acknowledge(person)
    assert (acquittement.status, acquittement.motive, acquittement.amount_cents) == (Status.EXEMPT, "BCS", 0)
    document = Document.objects.get(person=person)
    assert document.contents["ground"] == "exempt"
    assert document.contents["motive_en"] != ""
    assert document.number.startswith("VER6")
    known = fact(person.pk, "cvec_acquittee", YEAR)
    assert known is not None
    assert known.value == {"number": document.number}
    assert Message.objects.get(person=person).document_id == document.pk
    assert deeds(person) == ["cvec.open_acquittement", "cvec.grant_exemption"]
    assert not Order.objects.exists()


def test_the_annual_allowance_exempts_as_well() -> None:
    person = student()
    give_fact(person, "annual_allowance", True)
    assert acknowledge(person).motive == "ASAA"


def test_last_years_scholarship_exempts_from_nothing() -> None:
    person = student()
    give_fact(person, "boursier", True, year=YEAR.previous)
    assert acknowledge(person).status == Status.AWAITING_PAYMENT


def test_exempt_twice_is_exempt_once() -> None:
    person = student(boursier=True)
    first, second = acknowledge(person), acknowledge(person)
    assert first.pk == second.pk
    assert Document.objects.filter(person=person).count() == 1
    assert len(deeds(person)) == 2


def test_who_owes_gets_one_order_for_the_amount_of_the_year() -> None:
    person = student()
    first, second = acknowledge(person), acknowledge(person)
    assert first.pk == second.pk
    order = Order.objects.get(person=person)
    assert (order.amount_cents, order.kind, order.reference) == (105_00, "cvec", str(first.pk))
    assert order.credit_account == "cvec:2026:collected:versailles"
    assert order.crous_id == VERSAILLES
    person.refresh_from_db()
    assert VERSAILLES in person.crous_ids
    assert deeds(person) == ["cvec.open_acquittement"]


def test_a_person_followed_by_nobody_is_followed_from_then_on() -> None:
    person = student(crous_ids=[0])
    acknowledge(person)
    person.refresh_from_db()
    assert person.crous_ids == [VERSAILLES]


def test_without_a_city_the_way_to_it_is_shown() -> None:
    with pytest.raises(Refusal) as refusal:
        acknowledge(student(city=""))
    assert refusal.value.code == "city_missing"
    assert refusal.value.next_url == "/cvec/2026-2027/city"


@pytest.mark.parametrize("now", [datetime(2026, 4, 30, 21, 59, tzinfo=UTC), datetime(2027, 8, 31, 22, 0, tzinfo=UTC)])
def test_outside_its_window_a_campaign_takes_nothing(now: datetime) -> None:
    person = student(boursier=True)
    with pytest.raises(Refusal) as refusal:
        acknowledge(person, now)
    assert refusal.value.code == "campaign_closed"
    assert not Acquittement.objects.exists()


def test_the_window_is_open_to_its_last_instant() -> None:
    person = student(boursier=True)
    assert acknowledge(person, datetime(2027, 8, 31, 21, 59, 59, tzinfo=UTC)).status == Status.EXEMPT


def test_an_amount_that_is_not_set_stops_the_payment() -> None:
    Amount.objects.filter(kind="cvec", year=YEAR).update(superseded_at=NOW)
    with pytest.raises(Refusal) as refusal:
        acknowledge(student())
    assert refusal.value.code == "amount_unknown"


def test_a_payment_ends_in_a_certificate_a_fact_a_message_and_a_line_of_the_books() -> None:
    acquittement = paid_student()
    person = acquittement.person
    assert acquittement.status == Status.PAID
    document = Document.objects.get(person=person)
    assert acquittement.document_id == document.pk
    assert (document.kind, document.year, document.crous_id) == ("cvec.attestation", YEAR, VERSAILLES)
    assert document.contents["ground"] == "paid"
    assert document.contents["amount_cents"] == 105_00
    assert document.contents["verify_url"].partition("?k=")[0].endswith(f"/cvec/verify/{document.number}")
    assert fact(person.pk, "cvec_acquittee", YEAR) is not None
    message = Message.objects.get(person=person)
    assert message.params == {
        "year": "2026-2027", "number": spaced(document.number), "exempt": False, "by_third_party": False,
    }  # fmt: skip
    assert message.link == "/cvec/2026-2027/attestation"
    assert deeds(person)[-1] == "cvec.confirm_payment"
    assert balance("cvec:2026:collected:versailles") == 105_00
    assert_books_balance()


def test_the_bank_may_say_it_twenty_times() -> None:
    acquittement = acknowledge(student())
    attempt = begin(acquittement.order)
    for minute in range(20):
        tell(notice(attempt.number), NOW + timedelta(minutes=minute))
    assert Document.objects.filter(person=acquittement.person).count() == 1
    assert Message.objects.filter(person=acquittement.person).count() == 1
    assert balance("cvec:2026:collected:versailles") == 105_00
    assert_books_balance()


def test_acknowledging_again_after_paying_gives_what_is_there() -> None:
    acquittement = paid_student()
    again = acknowledge(acquittement.person)
    assert (again.pk, again.status) == (acquittement.pk, Status.PAID)
    assert Order.objects.count() == 1


def test_who_paid_and_becomes_a_scholar_keeps_the_paid_certificate() -> None:
    acquittement = paid_student()
    give_fact(acquittement.person, "boursier", True)
    assert acknowledge(acquittement.person).status == Status.PAID
    assert Document.objects.count() == 1


def test_who_becomes_a_scholar_before_paying_is_exempt_and_the_order_is_withdrawn() -> None:
    person = student()
    acquittement = acknowledge(person)
    give_fact(person, "boursier", True)
    assert acknowledge(person).status == Status.EXEMPT
    order = Order.objects.get(pk=acquittement.order_id)
    assert order.status == "cancelled"
    assert_books_balance()


def test_money_that_still_comes_for_a_withdrawn_order_goes_back_and_makes_no_second_certificate() -> None:
    person = student()
    acquittement = acknowledge(person)
    attempt = begin(acquittement.order)
    give_fact(person, "boursier", True)
    acknowledge(person)
    assert tell(notice(attempt.number), NOW + timedelta(hours=2)) == "surplus"
    assert Document.objects.filter(person=person).count() == 1
    assert balance("cvec:2026:collected:versailles") == 0
    assert_books_balance()


def test_another_city_of_the_same_crous_changes_no_order() -> None:
    person = student()
    acquittement = acknowledge(person)
    choose(person, SAINT_GERMAIN)
    again = acknowledge(person)
    assert (again.pk, again.order_id, again.commune_id) == (acquittement.pk, acquittement.order_id, SAINT_GERMAIN)
    assert deeds(person)[-1] == "cvec.move_acquittement"


def test_another_crous_takes_the_order_with_it() -> None:
    person = student()
    acknowledge(person)
    choose(person, LYON_CITY)
    again = acknowledge(person)
    assert again.crous_id == LYON
    order = Order.objects.exclude(status="cancelled").get(person=person)
    assert (order.crous_id, order.credit_account) == (LYON, "cvec:2026:collected:lyon")
    assert pay(again) == "captured"
    assert Document.objects.get(person=person).number.startswith("LYO6")
    assert balance("cvec:2026:collected:lyon") == 105_00
    assert_books_balance()


def test_while_the_bank_decides_the_crous_cannot_change() -> None:
    person = student()
    acquittement = acknowledge(person)
    begin(acquittement.order)
    choose(person, LYON_CITY)
    with pytest.raises(Refusal) as refusal:
        acknowledge(person)
    assert refusal.value.code == "payment_under_way"
    acquittement.refresh_from_db()
    assert acquittement.crous_id == VERSAILLES


def test_an_amount_set_anew_before_paying_is_the_one_to_pay() -> None:
    person = student()
    acknowledge(person)
    Amount.objects.filter(kind="cvec", year=YEAR, superseded_at=None).update(amount_cents=106_00)
    Kept.forget_all()
    again = acknowledge(person)
    assert again.amount_cents == 106_00
    assert Order.objects.get(person=person).amount_cents == 106_00


def test_a_year_is_not_another_year() -> None:
    person = student()
    give_fact(person, "study_city", {"commune": VERSAILLES_CITY}, year=YEAR.previous, source="student")
    first = acknowledge(person)
    last = acknowledge(person, year=YEAR.previous)  # 2025-2026 is open until the end of August 2026
    assert first.pk != last.pk
    assert pay(last) == "captured"
    first.refresh_from_db()
    assert first.status == Status.AWAITING_PAYMENT
    assert Document.objects.get(person=person).number.startswith("VER5")


def test_the_day_on_the_certificate_is_the_one_at_the_crous() -> None:
    person = student(city="97209")  # Fort-de-France
    acquittement = acknowledge(person, datetime(2026, 8, 29, 2, 30, tzinfo=UTC))
    attempt = begin(acquittement.order, datetime(2026, 8, 29, 2, 30, tzinfo=UTC))
    tell(notice(attempt.number, effective_creation_date="20260829023500"), datetime(2026, 8, 29, 2, 40, tzinfo=UTC))
    assert Document.objects.get(person=person).contents["ground_on"] == "2026-08-28"


def sent(queries: CaptureQueriesContext) -> list[str]:
    """The statements sent, without the brackets of transactions."""
    brackets = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")
    return [q["sql"] for q in queries.captured_queries if not q["sql"].startswith(brackets)]


def test_settling_a_cvec_takes_at_most_twelve_queries() -> None:
    warm = acknowledge(student())
    pay(warm)  # the first one ever opens accounts and reads what is kept
    acquittement = acknowledge(student())
    event_id = receive(notice(begin(acquittement.order).number))
    assert event_id is not None
    with CaptureQueriesContext(connection) as queries:
        payments.settle(event_id=event_id, now=NOW)
    statements = sent(queries)
    assert len(statements) <= 12, "\n".join(statements)
    ours = [sql for sql in statements if "cvec_acquittement" in sql or "documents_document" in sql]
    assert len(ours) == 3, "\n".join(statements)


def test_acknowledging_takes_few_queries() -> None:
    acknowledge(student())
    person = student()
    with acting(person) as actor, CaptureQueriesContext(connection) as queries:
        actions.open_acquittement(by=actor, person_id=person.pk, year=YEAR, now=NOW)
    statements = sent(queries)
    assert len(statements) <= 12, "\n".join(statements)


def test_a_check_stands_in_the_establishments_history_and_in_the_students_timeline() -> None:
    acquittement = paid_student()
    user = referent()
    establishment = Establishment.objects.get(pk="0781944P")
    by = Actor(kind="establishment", user_id=user.pk, label=user.label)
    found = selectors.certified(acquittement.document.number)
    actions.note_check(by=by, establishment=establishment, number=acquittement.document.number, found=found, now=NOW)
    actions.note_check(by=by, establishment=establishment, number="VER6AAAAAA00", found=None, now=NOW)
    good, bad = sorted(Check.objects.all(), key=lambda check: not check.valid)
    assert (good.valid, good.code, good.year) == (True, 75, YEAR)
    assert (bad.valid, bad.code, bad.year) == (False, None, None)
    assert acquittement.document.number not in good.masked_number
    deed = Deed.objects.filter(person_id=acquittement.person_id).order_by("-pk")[0]
    assert deed.verb == "cvec.check_certificate"
    assert deed.actor_label == establishment.name


def test_forgetting_erases_what_came_to_nothing_and_keeps_the_accounts() -> None:
    nothing = AcquittementFactory(status=Status.CANCELLED)
    paid = paid_student()
    actions.forget(person_id=nothing.person_id)
    actions.forget(person_id=nothing.person_id)
    actions.forget(person_id=paid.person_id)
    assert list(Acquittement.objects.values_list("pk", flat=True)) == [paid.pk]


def test_a_student_cannot_acknowledge_for_somebody_else() -> None:
    other = student()
    me = student()
    with acting(me), pytest.raises(Refusal):
        actions.open_acquittement(by=actor_of(me), person_id=other.pk, year=YEAR, now=NOW)
    assert not Acquittement.objects.filter(person=other).exists()
