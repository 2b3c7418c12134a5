"""Who a person is, said once; numbers held by one; facts superseded, never overwritten."""

import threading
from datetime import date, timedelta

import pytest
from django.db import connection, transaction

from messervices.foundations.audit.selectors import deeds_of
from messervices.foundations.students import actions, selectors
from messervices.foundations.students.models import Fact, Identifier, IdentifierCase, Person
from messervices.foundations.students.tests.factories import (
    NOW,
    YEAR,
    PersonFactory,
    UserFactory,
    agent,
    bea,
    identity,
    student,
    told,
    user_of,
)
from messervices.kernel.actor import Actor
from messervices.kernel.errors import Refusal
from messervices.kernel.scope import NOBODY, Scope, acting_as
from messervices.kernel.tests.races import as_owner

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_student_says_who_they_are_once_and_each_part_has_its_source_and_date() -> None:
    user = UserFactory()
    with acting_as(NOBODY):
        person = told(user, ine=" 070 578 267 kh ")
    facts = {fact.kind: fact for fact in selectors.facts_of(person.pk)}
    assert facts["birth_name"].value == "Benali"
    assert (facts["birth_on"].source, facts["birth_on"].known_at) == ("student", NOW)
    assert (person.ine, person.ine_status) == ("070578267KH", "declared")
    assert [deed.verb for deed in deeds_of(person.pk)] == ["students.tell_identity"]


def test_saying_the_same_twice_changes_nothing_but_the_record() -> None:
    user = UserFactory()
    first, again = told(user, ine=bea(1)), told(user, ine=bea(1))
    assert first.pk == again.pk
    assert Fact.objects.filter(person=first).count() == 7
    assert Identifier.objects.filter(person=first).count() == 1


def test_a_correction_supersedes_and_keeps_what_was_said_before() -> None:
    user = UserFactory()
    person = told(user)
    told(user, first_names="Lina")
    assert [fact.value for fact in selectors.fact_history(person.pk, "first_names")] == ["Lina", "Lina Marie"]


def test_without_an_ine_a_provisional_one_is_given_and_kept() -> None:
    user = UserFactory()
    person = told(user)
    assert person.ine[4] == "D"
    assert told(user).ine == person.ine


def test_a_wrong_bea_key_is_marked_to_verify_and_not_refused() -> None:
    person = told(UserFactory(), ine="1234567890G")
    assert (person.ine, person.ine_status) == ("1234567890G", "to_verify")


def test_a_second_person_with_the_same_ine_becomes_a_case_and_goes_on_under_a_provisional_number() -> None:
    holder = told(UserFactory(), ine=bea(2))
    second = told(UserFactory(), ine=bea(2), birth_name="Okafor")
    assert second.ine[4] == "D"
    assert Person.objects.get(pk=holder.pk).ine == bea(2)
    case = selectors.open_case_of(second.pk)
    assert case is not None
    assert case.identifier.value == bea(2)
    assert told(user_of(second), ine=bea(2), birth_name="Okafor").ine == second.ine
    assert IdentifierCase.objects.count() == 1


def test_the_real_number_replaces_the_provisional_one_and_the_old_one_still_finds() -> None:
    user = UserFactory()
    provisional = told(user).ine
    person = told(user, ine=bea(3))
    assert person.ine == bea(3)
    Person.objects.filter(pk=person.pk).update(crous_ids=[26])
    for number in (provisional, bea(3)):
        assert [found.pk for found in selectors.search_persons(number, agent(26))] == [person.pk]


def test_an_ine_claimed_by_64_at_once_is_one_persons() -> None:
    users = [UserFactory() for _ in range(64)]
    barrier = threading.Barrier(8)

    def claim(mine: list) -> None:  # type: ignore[type-arg]
        with acting_as(NOBODY):
            barrier.wait()
            for user in mine:
                told(user, ine=bea(4))
        connection.close()

    threads = [threading.Thread(target=claim, args=(users[i::8],)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    held = Identifier.objects.filter(value=bea(4), status="declared")
    assert held.count() == 1
    assert Identifier.objects.filter(value=bea(4), status="disputed").count() == 63
    assert Person.objects.filter(ine=bea(4)).count() == 1


def test_control_without_the_unique_index_an_ine_is_several_persons() -> None:
    as_owner("drop index identifier_of_one")
    try:
        for serial in range(2):
            person = PersonFactory(ine=bea(50 + serial))
            Identifier.objects.filter(person=person).update(value=bea(5))
        assert Identifier.objects.filter(value=bea(5), status="declared").count() == 2
    finally:
        Identifier.objects.all().delete()
        as_owner(
            "create unique index identifier_of_one on students_identifier (value)"
            " where status in ('declared', 'to_verify', 'verified')"
        )


def test_a_fact_is_written_once_in_one_query(django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    person = PersonFactory()

    def write(value: bool) -> bool:
        with transaction.atomic():
            return actions.record_fact(
                person_id=person.pk, kind="boursier", year=YEAR, value=value, source="s", certainty="verified", now=NOW
            )

    assert write(True)
    with django_assert_num_queries(3):  # begin, the call, commit
        assert not write(True)
    assert write(False)
    assert Fact.objects.filter(person=person, kind="boursier", superseded_at=None).count() == 1


def test_a_fact_is_never_written_outside_an_action() -> None:
    with pytest.raises(RuntimeError):
        actions.record_fact(person_id=1, kind="boursier", value=True, source="s", certainty="verified", now=NOW)


def test_an_agent_corrects_with_a_reason_and_the_student_can_no_longer_change_it() -> None:
    user = UserFactory()
    person = told(user)
    Person.objects.filter(pk=person.pk).update(crous_ids=[26])

    def correct(reason: str) -> bool:
        with acting_as(agent(26).scope), transaction.atomic():
            return actions.correct_fact(
                by=agent(26),
                person_id=person.pk,
                kind="birth_name",
                value="Ben Ali",
                reason=reason,
                paper_id=None,
                now=NOW,
            )

    with pytest.raises(Refusal, match="reason_missing"):
        correct(" ")
    assert correct("acte de naissance")
    assert not correct("acte de naissance")
    assert [deed.verb for deed in deeds_of(person.pk)].count("students.correct_fact") == 1
    assert user_of(person).label == "Lina Ben Ali"
    fact = selectors.fact(person.pk, "birth_name", None)
    assert fact is not None
    assert (fact.value, fact.certainty, fact.source) == ("Ben Ali", "verified", "agent:26")
    assert [found.pk for found in selectors.search_persons("ben ali", agent(26))] == [person.pk]
    with pytest.raises(Refusal, match="identity_locked"):
        told(user, birth_name="Benali")


@pytest.mark.parametrize(("step", "mine"), [("grant", True), ("refuse", False)])
def test_an_agent_decides_whose_the_ine_is(step: str, mine: bool) -> None:
    holder = told(UserFactory(), ine=bea(6))
    claimant = told(UserFactory(), ine=bea(6), birth_name="Okafor")
    Person.objects.filter(pk=claimant.pk).update(crous_ids=[26])
    case = selectors.open_case_of(claimant.pk)
    assert case is not None

    def decide(step: str, reason: str) -> actions.Settled:
        with acting_as(agent(26).scope), transaction.atomic():
            return actions.resolve_case(by=agent(26), case_id=case.pk, step=step, reason=reason, now=NOW)

    assert decide("ask", "un relevé").other_id == holder.pk
    assert decide(step, "relevé du bac").changed
    assert not decide(step, "relevé du bac").changed
    with pytest.raises(Refusal, match="step_closed"):
        decide(step, "encore")
    assert (Person.objects.get(pk=claimant.pk).ine == bea(6)) is mine
    assert (Person.objects.get(pk=holder.pk).ine == bea(6)) is not mine
    assert Person.objects.get(pk=holder.pk).ine


def test_the_birth_place_is_corrected_as_a_whole() -> None:
    person = PersonFactory()
    value = {"commune": "", "place": "Fès", "country": "MA"}
    with transaction.atomic():
        actions.correct_fact(
            by=agent(26), person_id=person.pk, kind="birth_place", value=value, reason="acte", paper_id=None, now=NOW
        )
    person.refresh_from_db()
    assert (person.birth_commune, person.birth_place, person.birth_country) == ("", "Fès", "MA")


def test_an_agent_corrects_neither_their_own_file_nor_what_another_service_knows() -> None:
    person = PersonFactory()
    own = agent(26)
    own = Actor(kind=own.kind, user_id=1, person_id=person.pk, crous_ids=(26,))
    for by, kind, code in ((own, "birth_name", "own_file"), (agent(26), "boursier", "not_correctable")):
        with transaction.atomic(), pytest.raises(Refusal, match=code):
            actions.correct_fact(by=by, person_id=person.pk, kind=kind, value="X", reason="r", paper_id=None, now=NOW)


def test_an_agent_verifies_a_number_or_gives_the_right_one_and_never_takes_anothers() -> None:
    user = UserFactory()
    person = told(user, ine="1234567890G")
    held = told(UserFactory(), ine=bea(8), birth_name="Okafor")

    def verify(typed: str) -> bool:
        with transaction.atomic():
            return actions.correct_number(
                by=agent(26), person_id=person.pk, typed=typed, reason="relevé du bac", paper_id=None, now=NOW
            )

    assert verify("1234567890 g")
    assert not verify("1234567890G")
    person.refresh_from_db()
    assert (person.ine, person.ine_status) == ("1234567890G", "verified")
    assert verify(bea(9))
    person.refresh_from_db()
    assert (person.ine, person.ine_status) == (bea(9), "verified")
    for typed, code in ((bea(8), "number_held"), ("2026D00001A", "not_an_ine"), ("bonjour", "not_an_ine")):
        with pytest.raises(Refusal, match=code):
            verify(typed)
    person.refresh_from_db()
    held.refresh_from_db()
    assert (person.ine, held.ine) == (bea(9), bea(8))
    with pytest.raises(Refusal, match="identity_locked"):
        told(user, ine=bea(10))
    assert told(user, ine=bea(9)).ine == bea(9)


def test_nobody_decides_a_case_in_which_their_own_number_is_at_stake() -> None:
    holder = told(UserFactory(), ine=bea(7))
    claimant = told(UserFactory(), ine=bea(7), birth_name="Okafor")
    case = selectors.open_case_of(claimant.pk)
    assert case is not None
    for person in (holder, claimant):
        own = Actor(kind="agent", user_id=1, person_id=person.pk, crous_ids=(26,))
        with transaction.atomic(), pytest.raises(Refusal, match="own_file"):
            actions.resolve_case(by=own, case_id=case.pk, step="refuse", reason="r", now=NOW)


def test_a_crous_follows_a_person_once() -> None:
    person = PersonFactory(crous_ids=[0])
    for _ in range(2):
        with transaction.atomic():
            actions.attach_to_crous(person_id=person.pk, crous_id=26)
    person.refresh_from_db()
    assert person.crous_ids == [26]


@pytest.mark.parametrize("name", ["Nguyễn Thị", "O’Brien-d’Almeida", "李", "بن علي", "Ж" * 300])
def test_a_name_in_any_script_is_kept_as_it_is(name: str) -> None:
    person = told(UserFactory(), birth_name=name)
    assert Person.objects.get(pk=person.pk).birth_name == name


def test_a_date_before_1900_is_refused_by_the_database_too() -> None:
    with pytest.raises(Exception, match="person_born_since_1900"):
        told(UserFactory(), birth_on=date(1899, 12, 31))


def test_the_policies_show_a_person_to_themselves_and_to_their_crous_only() -> None:
    mine, other = PersonFactory(crous_ids=[26]), PersonFactory(crous_ids=[12])
    with acting_as(Scope("person", person=mine.pk)):
        assert [p.pk for p in Person.objects.all()] == [mine.pk]
        assert {i.person_id for i in Identifier.objects.all()} == {mine.pk}
    with acting_as(Scope("agent", crous=(12,))):
        assert [p.pk for p in Person.objects.all()] == [other.pk]
        assert {i.person_id for i in Identifier.objects.all()} == {other.pk}
    with acting_as(NOBODY):
        assert not Person.objects.exists()


def test_an_instant_later_the_source_shows_the_new_date() -> None:
    user = UserFactory()
    person = told(user)
    later = NOW + timedelta(days=3)
    actions.tell_identity(by=student(user), user=user, identity=identity(nationality="MA"), now=later)
    fact = selectors.fact(person.pk, "nationality", None)
    assert fact is not None
    assert fact.known_at == later
