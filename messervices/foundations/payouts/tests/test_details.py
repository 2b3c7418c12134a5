"""Where money may go: told by its owner, kept sealed, cooled off, blocked at once."""

from datetime import timedelta

import pytest
from django.conf import settings as django_settings
from django.core import mail
from django.db import IntegrityError, connection, transaction

from messervices.foundations.crous.models import Establishment, Referent
from messervices.foundations.notifications.models import Message, OutgoingMail
from messervices.foundations.payouts import actions, selectors
from messervices.foundations.payouts.actions.notices import freeze_path
from messervices.foundations.payouts.actions.tell import iban_of
from messervices.foundations.payouts.models import BankDetails, Payout
from messervices.foundations.payouts.providers import safe
from messervices.foundations.payouts.tests.factories import (
    CHECKER,
    COOL,
    IBANS,
    MAKER,
    NOW,
    THIRD,
    agent,
    cooled,
    drafted,
    order,
    sign,
    student,
    tell,
)  # fmt: skip
from messervices.foundations.students.tests.factories import PersonFactory, UserFactory
from messervices.kernel.actor import Actor
from messervices.kernel.errors import Refusal
from messervices.kernel.scope import Scope, acting_as

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books", "service")]
UVSQ = "0781944P"


def token_of(details: BankDetails) -> str:
    return freeze_path(details).rpartition("/")[2]


@pytest.mark.parametrize("country", IBANS)
def test_an_account_is_kept_sealed_and_shown_by_its_last_four(country: str) -> None:
    person = PersonFactory()
    details = tell(person, IBANS[country])
    assert details.masked == f"{IBANS[country][:2]} •••• {IBANS[country][-4:]}"
    assert iban_of(details) == IBANS[country]
    with connection.cursor() as cursor:
        cursor.execute("select * from payouts_bankdetails where id = %s", [details.pk])
        kept = b" ".join(
            bytes(value) if isinstance(value, memoryview) else str(value).encode() for value in cursor.fetchone()
        )
    assert IBANS[country].encode() not in kept
    assert IBANS[country] not in repr(vars(details)) + str(details)


def test_a_sealed_iban_opens_neither_in_another_row_nor_changed_nor_with_another_key(settings) -> None:
    one, other = cooled(iban=IBANS["fr"]), cooled(iban=IBANS["de"])
    moved = BankDetails(pk=other.pk, iban_sealed=one.iban_sealed)
    changed = BankDetails(pk=one.pk, iban_sealed=bytes(one.iban_sealed)[:-1] + b"\x00")
    for details in (moved, changed):
        with pytest.raises(safe.Unsealed):
            iban_of(details)
    assert bytes(one.iban_sealed).startswith(b"demo|")
    settings.IBAN_KEYS = "next:" + django_settings.IBAN_KEYS.partition(":")[2] + "," + django_settings.IBAN_KEYS
    assert iban_of(one) == IBANS["fr"], "the old key still opens what it sealed"
    assert bytes(cooled(iban=IBANS["fr2"]).iban_sealed).startswith(b"next|")
    settings.IBAN_KEYS = "next:" + django_settings.IBAN_KEYS.partition(":")[2].partition(",")[0]
    with pytest.raises(safe.Unsealed):
        iban_of(one)


def test_the_same_account_told_twice_changes_nothing_and_another_supersedes() -> None:
    person = PersonFactory()
    first = tell(person, IBANS["fr"])
    assert tell(person, "fr76 3000 6000 0112 3456 7890 189", now=COOL).pk == first.pk
    second = tell(person, IBANS["de"], now=COOL)
    assert [one.pk for one in selectors.details_history(person_id=person.pk)] == [second.pk, first.pk]
    assert selectors.details_in_force(person_id=person.pk) == second
    assert second.usable_from == COOL + timedelta(hours=72)
    assert Message.objects.filter(person=person, kind="payouts.details_told").count() == 2


def test_the_notice_says_the_last_four_and_how_to_block_and_never_the_iban() -> None:
    person = PersonFactory()
    tell(person, IBANS["fr"])
    message = Message.objects.get(person=person)
    assert "0189" in message.params["masked"]
    assert IBANS["fr"] not in str(message.params) + message.link
    assert message.link.startswith("/payouts/freeze/")


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("FR7630006000011234567890188", "wrong_key"),
        ("hello", "not_an_iban"),
        ("TN5910006035183598478831", "outside_sepa"),
    ],
)
def test_what_is_not_an_account_of_sepa_is_refused_and_explained(typed: str, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        tell(PersonFactory(), typed)
    assert refused.value.code == code
    assert ("Tunisie" in str(refused.value.sentence)) is (code == "outside_sepa")
    assert not BankDetails.objects.exists()


def test_nobody_tells_for_somebody_else_and_an_agent_for_nobody() -> None:
    person = PersonFactory()
    for by in (student(PersonFactory()), agent(7), Actor.anonymous(), Actor.system("job")):
        with pytest.raises(Refusal, match="not_yours"), transaction.atomic():
            actions.tell_details(iban=IBANS["fr"], holder="X Y", person_id=person.pk, by=by, now=NOW)


def test_a_holder_without_a_latin_letter_is_asked_for_another_spelling() -> None:
    with pytest.raises(Refusal, match="no_holder"):
        tell(PersonFactory(), holder="Ελένη")


def test_a_referent_tells_for_the_establishment_and_both_referents_are_written() -> None:
    users = [UserFactory(kind="establishment"), UserFactory(kind="establishment")]
    for slot, user in enumerate(users, 1):
        Referent.objects.create(user=user, establishment=Establishment.objects.get(pk=UVSQ), slot=slot, since=NOW)
    by = Actor(kind="establishment", user_id=users[0].pk, label="Scolarité")
    with acting_as(by.scope):
        told = actions.tell_own_details(
            iban=IBANS["fr"], holder="Agent comptable UVSQ", establishment_uai=UVSQ, by=by, now=NOW
        )
        with pytest.raises(Refusal, match="not_yours"):
            actions.tell_own_details(iban=IBANS["fr"], holder="X", establishment_uai="0595964M", by=by, now=NOW)
    assert (told.establishment_id, told.person_id, told.crous_id, told.resembles) == (UVSQ, None, 26, True)
    assert OutgoingMail.objects.filter(template="payouts/mail/details_told").count() == 2
    with acting_as(Scope("agent", crous=(12,))):
        assert not BankDetails.objects.exists()
    with acting_as(Scope("agent", crous=(26,))):
        assert BankDetails.objects.get() == told
    assert order(told).status == "waiting"


def test_an_account_is_a_persons_or_an_establishments_and_the_database_knows_it() -> None:
    details = cooled()
    with pytest.raises(IntegrityError), transaction.atomic():
        BankDetails.objects.filter(pk=details.pk).update(establishment=UVSQ)
    with pytest.raises(IntegrityError), transaction.atomic():
        BankDetails.objects.filter(pk=details.pk).update(person=None)


def test_payouts_that_are_not_in_a_file_follow_the_new_account_and_lose_their_consent() -> None:
    details = cooled()
    payout = order(details, amount_cents=900_00)
    actions.approve(payout_id=payout.pk, by=CHECKER, now=NOW)
    new = tell(details.person, IBANS["de"])
    payout.refresh_from_db()
    assert (payout.details_id, payout.status, payout.approved_at) == (new.pk, "waiting", None)
    assert payout.why == ["amount", "recent"]


def test_blocked_from_the_message_without_signing_in_nothing_leaves_any_more() -> None:
    details = cooled()
    payout = order(details)
    token = token_of(details)
    with acting_as(Actor.anonymous().scope):
        assert actions.details_by_token(token) == details
        assert actions.details_by_token(token[:-2]) is None
        assert actions.freeze_by_link(token=token, now=NOW).is_frozen
        assert actions.freeze_by_link(token=token, now=COOL).frozen_at == NOW, "twice is once"
        with pytest.raises(Refusal, match="link_dead"):
            actions.freeze_by_link(token="x" + token, now=NOW)
    payout.refresh_from_db()
    assert (payout.status, payout.why) == ("waiting", ["frozen"])
    with pytest.raises(Refusal, match="details_frozen"):
        actions.approve(payout_id=payout.pk, by=CHECKER, now=NOW)
    assert actions.gather_run(crous_id=26, by=MAKER, now=NOW + timedelta(days=30)) is None
    assert Message.objects.filter(kind="payouts.details_frozen").count() == 1


def test_an_old_link_blocks_the_account_that_replaced_its_own() -> None:
    details = cooled()
    token = token_of(details)
    thief = tell(details.person, IBANS["de"])
    actions.freeze_by_link(token=token, now=NOW)
    thief.refresh_from_db()
    details.refresh_from_db()
    assert thief.is_frozen
    assert not details.is_frozen


def test_an_agent_lifts_the_block_and_another_confirms() -> None:
    details = cooled()
    payout = order(details)
    actions.freeze_own_details(by=student(details.person), now=NOW)
    for by, code in ((agent(8, crous_id=12), "not_allowed"), (agent(8, rights=frozenset()), "not_allowed")):
        with pytest.raises(Refusal, match=code), acting_as(by.scope):
            actions.lift_freeze(details_id=details.pk, by=by, reason="Vue à l’accueil.", now=NOW)
    with pytest.raises(Refusal, match="reason_missing"):
        actions.lift_freeze(details_id=details.pk, by=THIRD, reason="", now=NOW)
    actions.lift_freeze(details_id=details.pk, by=THIRD, reason="Vue à l’accueil avec sa carte.", now=NOW)
    with pytest.raises(Refusal, match="not_frozen"):
        actions.lift_freeze(details_id=details.pk, by=THIRD, reason="Encore.", now=NOW)
    payout.refresh_from_db()
    assert (payout.status, payout.why) == ("waiting", ["frozen"])
    with pytest.raises(Refusal, match="second_person"):
        actions.approve(payout_id=payout.pk, by=THIRD, now=NOW)
    assert actions.approve(payout_id=payout.pk, by=CHECKER, now=NOW).status == "ready"


def test_a_block_stops_a_run_that_is_drafted_or_signed() -> None:
    details = cooled()
    order(details)
    run = drafted()
    sign(run, MAKER)
    actions.freeze_own_details(by=student(details.person), now=NOW)
    with pytest.raises(Refusal, match="payments_blocked"):
        sign(run, CHECKER)
    actions.drop_run(run_id=run.pk, by=MAKER, reason="Compte bloqué.", now=NOW)
    assert actions.gather_run(crous_id=26, by=MAKER, now=NOW) is None
    assert Payout.objects.get().status == "waiting"


@pytest.mark.parametrize("way", ["with the password", "with the mailbox and the password", "many times"])
def test_takeover_a_thief_gets_nothing_before_seventy_two_hours(way: str) -> None:
    """The script of a thief: they hold the session, give their own account, and wait for the runs of three days."""
    victim = PersonFactory()
    order(tell(victim, IBANS["fr"], now=NOW - timedelta(days=90)))
    thief = tell(victim, IBANS["de"], by=student(victim))
    if way == "many times":
        thief = tell(victim, IBANS["be"], now=NOW + timedelta(hours=1))
        thief = tell(victim, IBANS["de"], now=NOW + timedelta(hours=2))
    for hour in range(73):
        at = NOW + timedelta(hours=hour)
        if at >= thief.usable_from:
            break
        actions.end_cooling(now=at)
        assert actions.gather_run(crous_id=26, by=MAKER, now=at) is None
    assert not Payout.objects.exclude(status="waiting").exists()
    notices = Message.objects.filter(person=victim, kind="payouts.details_told").order_by("-pk")
    assert notices.count() >= 2
    actions.freeze_by_link(token=notices[0].link.rpartition("/")[2], now=thief.usable_from - timedelta(seconds=1))
    actions.end_cooling(now=thief.usable_from + timedelta(days=30))
    assert actions.gather_run(crous_id=26, by=MAKER, now=thief.usable_from + timedelta(days=30)) is None


def test_nothing_of_an_iban_reaches_a_mail() -> None:
    person = PersonFactory()
    tell(person, IBANS["fr"])
    assert not any(IBANS["fr"] in letter.body for letter in mail.outbox)
