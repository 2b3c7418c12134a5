import pytest

from messervices.foundations.documents import actions, selectors
from messervices.foundations.documents.tests.factories import issue, proof
from messervices.foundations.students.tests.factories import (
    NOW,
    PersonFactory,
    agent,
    student,
    user_of,
)
from messervices.kernel.actor import Actor
from messervices.kernel.scope import NOBODY, Scope, acting_as

pytestmark = pytest.mark.django_db


def test_papers_of_a_person_come_newest_first_cancelled_ones_too() -> None:
    first = issue(serial=1)
    actions.cancel(document_id=first.pk, reason="Erreur.", by=agent(), now=NOW)
    second = issue(first.person, serial=2)
    issue()
    assert list(selectors.of_person(first.person_id)) == [second, first]
    assert list(selectors.of_person(first.person_id, "other")) == []


@pytest.mark.parametrize(
    ("kind", "seen"),
    [("own", True), ("other", False), ("agent", True), ("elsewhere", False), ("cnous", True), ("nobody", False)],
)
def test_a_paper_is_seen_by_its_holder_and_by_its_crous(kind: str, seen: bool) -> None:
    document = issue()
    actor = {
        "own": student(user_of(document.person)),
        "other": student(user_of(PersonFactory())),
        "agent": agent(26),
        "elsewhere": agent(10),
        "cnous": agent(),
        "nobody": Actor.anonymous(),
    }[kind]
    assert bool(selectors.seen_by(actor, document.uuid)) == seen
    with acting_as(actor.scope):
        assert bool(selectors.seen_by(actor, document.uuid)) == seen


def test_the_fences_stand_apart() -> None:
    """Each alone keeps another Crous's agent out: the selector over every Crous, the policy without a selector."""
    document = issue()
    actions.sealed_pdf(document.pk, NOW)
    paper = proof(document.person)
    stranger = PersonFactory(crous_ids=[10])
    for scope in (Scope("elsewhere", crous=(10,)), Scope("stranger", person=stranger.pk), NOBODY):
        with acting_as(scope):
            assert not selectors.of_person(document.person_id).exists()
            assert selectors.pdf_of(document.pk) is None
            assert not selectors.papers_of(document.person_id).exists()
    for scope in (Scope("here", crous=(26,)), Scope("own", person=document.person_id)):
        with acting_as(scope):
            assert list(selectors.of_person(document.person_id)) == [document]
            assert selectors.pdf_of(document.pk)
            assert list(selectors.papers_of(document.person_id)) == [paper]


def test_a_proof_follows_the_person_to_another_crous() -> None:
    person = PersonFactory(crous_ids=[10, 26])
    paper = proof(person)
    for crous, seen in ((10, True), (26, True), (5, False)):
        with acting_as(agent(crous).scope):
            assert bool(selectors.paper_seen_by(agent(crous), paper.uuid)) == seen
