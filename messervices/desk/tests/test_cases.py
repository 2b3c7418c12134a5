"""A number that two persons gave: decided once, told to both, and neither learns who the other is."""

import pytest
from django.test import Client
from django.urls import reverse

from messervices.desk import actions
from messervices.desk.tests.factories import LYON, VERSAILLES, AgentFactory, at_desk, contested
from messervices.foundations.accounts.selectors import actor_of
from messervices.foundations.audit.models import Read
from messervices.foundations.notifications import selectors as notifications
from messervices.foundations.notifications.models import Message
from messervices.foundations.students.models import Person
from messervices.foundations.students.tests.factories import NOW
from messervices.kernel.errors import Refusal
from messervices.kernel.scope import acting_as

pytestmark = pytest.mark.django_db

WHY = "Le relevé du bac porte ce numéro à votre nom."


def told_to(person_id: int) -> list[str]:
    return list(Message.objects.filter(person_id=person_id).order_by("pk").values_list("kind", flat=True))


def test_the_queue_shows_the_case_and_opening_it_is_written(client: Client) -> None:
    case, holder = contested()
    at_desk(client)
    assert "Okafor Chidi" in client.get(reverse("desk:home")).content.decode()
    body = client.get(reverse("desk:case", args=[case.pk])).content.decode()
    assert "Décider du conflit d’INE" in body
    client.get(reverse("desk:case", args=[case.pk]))
    written = Read.objects.order_by("pk").values_list("person_id", "what", "reason")
    reason = "Numéro INE demandé par deux personnes"
    assert list(written) == [(case.person_id, "file", reason), (holder.pk, "case", reason)]


@pytest.mark.parametrize(
    ("step", "claimant_told", "holder_told"),
    [("grant", ["desk.ine_granted"], ["desk.ine_taken"]), ("refuse", ["desk.ine_refused"], ["desk.ine_kept"])],
)
def test_the_decision_is_taken_once_and_both_are_told(client: Client, step, claimant_told, holder_told) -> None:
    case, holder = contested()
    at_desk(client)
    for _ in range(2):
        answer = client.post(reverse("desk:case", args=[case.pk]), {"step": step, "reason": WHY})
        assert (answer.status_code, answer["Location"]) == (302, reverse("desk:home"))
    assert told_to(case.person_id) == claimant_told
    assert told_to(holder.pk) == holder_told
    number = case.identifier.value
    assert (Person.objects.get(pk=case.person_id).ine == number) is (step == "grant")
    assert (Person.objects.get(pk=holder.pk).ine == number) is (step == "refuse")
    body = client.get(reverse("desk:case", args=[case.pk])).content.decode()
    assert "Conflit d’INE décidé" in body


def test_the_claimant_reads_the_reason_and_the_other_does_not() -> None:
    case, holder = contested()
    by = actor_of(AgentFactory())
    actions.decide_case(by=by, case_id=case.pk, step="grant", reason=WHY, now=NOW)
    mine, other = Message.objects.get(person_id=case.person_id), Message.objects.get(person_id=holder.pk)
    assert WHY in notifications.body_of(mine)
    assert WHY not in notifications.body_of(other)
    assert other.params == {}
    assert "Okafor" not in str(notifications.body_of(other))


def test_a_paper_is_asked_for_once_and_only_the_claimant_is_told(client: Client) -> None:
    case, holder = contested()
    at_desk(client)
    for _ in range(2):
        client.post(reverse("desk:case", args=[case.pk]), {"step": "ask", "reason": "Votre relevé du bac, svp."})
    assert told_to(case.person_id) == ["desk.ine_paper_asked"]
    assert told_to(holder.pk) == []
    assert "Pièce demandée" in client.get(reverse("desk:home")).content.decode()


def test_another_decision_afterwards_is_refused_and_changes_nothing(client: Client) -> None:
    case, holder = contested()
    at_desk(client)
    client.post(reverse("desk:case", args=[case.pk]), {"step": "refuse", "reason": WHY})
    answer = client.post(reverse("desk:case", args=[case.pk]), {"step": "grant", "reason": WHY})
    assert answer.status_code == 409
    assert "Cette étape n’est plus ouverte" in answer.content.decode()
    assert Person.objects.get(pk=holder.pk).ine == case.identifier.value


def test_the_other_person_is_named_only_to_an_agent_who_follows_them(client: Client) -> None:
    case, holder = contested(claimant_at=VERSAILLES, holder_at=LYON)
    at_desk(client)
    body = client.get(reverse("desk:case", args=[case.pk])).content.decode()
    for secret in ("Titulaire", str(holder.uuid), "Lyon"):
        assert secret not in body
    assert "ne suit pas l’autre personne" in body
    assert not Read.objects.filter(person_id=holder.pk).exists()
    Person.objects.filter(pk=holder.pk).update(crous_ids=[VERSAILLES])
    assert str(holder.uuid) in client.get(reverse("desk:case", args=[case.pk])).content.decode()


def test_the_other_person_is_told_wherever_they_are_followed() -> None:
    case, holder = contested(claimant_at=VERSAILLES, holder_at=LYON)
    by = actor_of(AgentFactory())
    with acting_as(by.scope):
        actions.decide_case(by=by, case_id=case.pk, step="grant", reason=WHY, now=NOW)
    message = Message.objects.get(person_id=holder.pk)
    assert (message.kind, message.crous_id) == ("desk.ine_taken", LYON)


def test_what_was_typed_stays_when_something_is_missing(client: Client) -> None:
    case, _holder = contested()
    at_desk(client)
    answer = client.post(reverse("desk:case", args=[case.pk]), {"reason": WHY})
    assert answer.status_code == 422
    assert WHY in answer.content.decode()
    assert "Choisissez une décision." in answer.content.decode()


def test_the_right_is_checked_where_the_deed_is_done() -> None:
    case, _holder = contested()
    with pytest.raises(Refusal, match="not_allowed"):
        actions.decide_case(
            by=actor_of(AgentFactory(newcomer=True)), case_id=case.pk, step="grant", reason=WHY, now=NOW
        )


def test_every_message_has_its_words_in_both_languages() -> None:
    from django.utils import translation

    for kind in ("fact_corrected", "ine_granted", "ine_refused", "ine_paper_asked", "ine_taken", "ine_kept"):
        titles = set()
        for language in ("fr", "en"):
            with translation.override(language):
                titles.add(notifications.title_of(f"desk.{kind}", {"reason": WHY}))
        assert all(titles)
