"""A fact is corrected with a proof and a reason, after a look at before and after; the person is told, once."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from messervices.desk import actions
from messervices.desk.tests.factories import LYON, AgentFactory, at_desk
from messervices.foundations.accounts.selectors import actor_of
from messervices.foundations.documents.models import Paper
from messervices.foundations.documents.tests import honest
from messervices.foundations.notifications import selectors as notifications
from messervices.foundations.notifications.models import Message
from messervices.foundations.students import selectors as students
from messervices.foundations.students.tests.factories import NOW, PersonFactory, bea, user_of
from messervices.kernel.errors import Refusal

pytestmark = pytest.mark.django_db

PDF = honest.pdf()
WHY = "L’acte de naissance porte ce nom."


def proof() -> SimpleUploadedFile:
    return SimpleUploadedFile("acte.pdf", PDF, "application/pdf")


@pytest.fixture
def lina(client: Client):
    person = PersonFactory(birth_name="Benali")
    at_desk(client)
    client.post(reverse("desk:open", args=[person.uuid]), {"reason": "paper"})
    return person


def url(person, kind: str = "birth_name") -> str:
    return reverse("desk:correct", args=[person.uuid, kind])


def typed_back(answer) -> dict[str, str]:
    return answer.context["typed"]


def test_a_correction_is_previewed_then_done_then_told(client: Client, lina) -> None:
    preview = client.post(url(lina), {"value": " Ben  Ali ", "reason": WHY, "proof": proof()})
    body = preview.content.decode()
    assert "<s>Benali</s>" in body.replace("non renseigné", "Benali") or "non renseigné" in body
    assert "<strong>Ben Ali</strong>" in body
    assert students.fact(lina.pk, "birth_name", None) is None, "nothing is corrected by a look"
    done = client.post(url(lina), typed_back(preview), follow=True)
    assert "C’est corrigé : la personne en est prévenue." in done.content.decode()
    fact = students.fact(lina.pk, "birth_name", None)
    assert fact is not None
    assert (fact.value, fact.certainty, fact.source, fact.reason) == ("Ben Ali", "verified", "agent:26", WHY)
    assert fact.paper_id == Paper.objects.get(person=lina).pk
    message = Message.objects.get(person=lina)
    assert (message.kind, message.mail_status) == ("desk.fact_corrected", "queued")
    assert WHY in notifications.body_of(message)
    assert user_of(lina).label == "Lina Ben Ali"


def test_confirming_twice_corrects_and_tells_once(client: Client, lina) -> None:
    preview = client.post(url(lina), {"value": "Ben Ali", "reason": WHY, "proof": proof()})
    client.post(url(lina), typed_back(preview))
    again = client.post(url(lina), typed_back(preview), follow=True)
    assert "C’était déjà corrigé" in again.content.decode()
    assert Message.objects.filter(person=lina).count() == 1


def test_a_proof_and_a_reason_are_asked_for_and_what_was_typed_stays(client: Client, lina) -> None:
    answer = client.post(url(lina), {"value": "Ben Ali", "reason": ""})
    body = answer.content.decode()
    assert answer.status_code == 422
    assert 'value="Ben Ali"' in body
    assert "Joignez la preuve." in body
    assert "Dites pourquoi" in body


def test_a_reason_does_not_carry_a_student_number(client: Client, lina) -> None:
    answer = client.post(url(lina), {"value": "Ben Ali", "reason": "Relevé du bac 070578267KH", "proof": proof()})
    assert answer.status_code == 422
    assert "N’écrivez pas de numéro INE" in answer.content.decode()


def test_a_file_that_is_no_proof_is_refused_and_nothing_is_kept(client: Client, lina) -> None:
    bad = SimpleUploadedFile("virus.pdf", b"MZ\x00", "application/pdf")
    answer = client.post(url(lina), {"value": "Ben Ali", "reason": WHY, "proof": bad})
    assert answer.status_code == 422
    assert "ni un PDF" in answer.content.decode()
    assert 'value="Ben Ali"' in answer.content.decode()
    assert not Paper.objects.exists()


def test_a_file_that_the_check_refuses_is_said_beside_the_field(client: Client, lina) -> None:
    virus = SimpleUploadedFile("acte.jpg", honest.picture("JPEG", comment=honest.EICAR), "image/jpeg")
    answer = client.post(url(lina), {"value": "Ben Ali", "reason": WHY, "proof": virus})
    assert answer.status_code == 422
    assert "antivirus" in answer.content.decode()
    assert not Paper.objects.exists()


def test_while_the_antivirus_is_silent_the_file_waits_and_nothing_is_corrected(client: Client, lina, settings) -> None:
    settings.CLAMAV = ""
    answer = client.post(url(lina), {"value": "Ben Ali", "reason": WHY, "proof": proof()})
    assert answer.status_code == 422
    assert "Reprenez dans quelques minutes" in answer.content.decode()
    assert not Paper.objects.exists()
    settings.CLAMAV = "demo"
    again = client.post(url(lina), {"value": "Ben Ali", "reason": WHY, "proof": proof()})
    assert again.status_code == 200
    assert Paper.objects.get(person=lina).identity


def test_a_proof_of_another_person_proves_nothing(client: Client, lina) -> None:
    other = PersonFactory()
    by = actor_of(AgentFactory())
    paper = actions.keep_proof(by=by, person=other, name="acte.pdf", content=PDF, now=NOW)
    answer = client.post(url(lina), {"value": "X", "reason": WHY, "paper": paper.pk, "confirmed": "yes"})
    assert answer.status_code == 422
    assert not Message.objects.exists()


def test_a_proof_already_in_the_file_can_be_chosen(client: Client, lina) -> None:
    paper = actions.keep_proof(by=actor_of(AgentFactory()), person=lina, name="acte.pdf", content=PDF, now=NOW)
    answer = client.post(url(lina), {"value": "Ben Ali", "reason": WHY, "paper": paper.pk, "confirmed": "yes"})
    assert answer.status_code == 302
    fact = students.fact(lina.pk, "birth_name", None)
    assert fact is not None
    assert fact.paper_id == paper.pk


@pytest.mark.parametrize(
    ("kind", "typed", "stored"),
    [
        ("birth_on", {"value_day": "3", "value_month": "4", "value_year": "2007"}, {"birth_on": "2007-04-03"}),
        ("civility", {"value": "M"}, {"civility": "M"}),
        ("nationality", {"value": "MA"}, {"nationality": "MA"}),
        ("usual_name", {"value": ""}, {"usual_name": ""}),
        ("first_names", {"value": "Lina, Marie"}, {"first_names": "Lina, Marie"}),
        ("birth_place", {"country": "MA", "place": "Fès"}, {"birth_place": "Fès", "birth_commune": ""}),
        (
            "birth_place",
            {"country": "FR", "commune": "Lyon", "commune-pick": "69123", "commune-asked": "Lyon"},
            {"birth_place": "Lyon", "birth_commune": "69123"},
        ),
    ],
)
def test_each_part_of_the_identity_can_be_corrected(client: Client, lina, kind, typed, stored) -> None:
    preview = client.post(url(lina, kind), typed | {"reason": WHY, "proof": proof()})
    assert preview.status_code == 200, preview.context["form"].errors
    assert client.post(url(lina, kind), typed_back(preview)).status_code == 302
    lina.refresh_from_db()
    assert {column: str(getattr(lina, column)) for column in stored} == stored


def test_a_number_is_verified_or_the_right_one_given(client: Client, lina) -> None:
    for typed in (lina.ine, bea(4321)):
        preview = client.post(url(lina, "ine"), {"value": typed.lower(), "reason": WHY, "proof": proof()})
        assert preview.context["after"] == typed
        assert client.post(url(lina, "ine"), typed_back(preview)).status_code == 302
        lina.refresh_from_db()
        assert (lina.ine, lina.ine_status) == (typed, "verified")
    assert Message.objects.filter(person=lina).count() == 2


def test_a_number_that_another_person_holds_is_not_taken_here(client: Client, lina) -> None:
    other = PersonFactory(crous_ids=[LYON])
    preview = client.post(url(lina, "ine"), {"value": other.ine, "reason": WHY, "proof": proof()})
    answer = client.post(url(lina, "ine"), typed_back(preview))
    assert answer.status_code == 409
    assert other.birth_name not in answer.content.decode()
    other.refresh_from_db()
    assert other.ine != lina.ine


@pytest.mark.parametrize("typed", ["2026D00001A", "abc"])
def test_what_is_no_number_is_said_beside_the_field(client: Client, lina, typed: str) -> None:
    answer = client.post(url(lina, "ine"), {"value": typed, "reason": WHY, "proof": proof()})
    assert answer.status_code == 422
    assert "Ce n’est pas un INE" in answer.content.decode()


def test_a_birth_in_france_names_its_commune_and_one_abroad_its_town(client: Client, lina) -> None:
    for typed in ({"country": "FR", "place": "Lyon"}, {"country": "MA"}):
        answer = client.post(url(lina, "birth_place"), typed | {"reason": WHY, "proof": proof()})
        assert answer.status_code == 422


def test_what_a_service_knows_and_what_does_not_exist_are_not_corrected_here(client: Client, lina) -> None:
    for kind in ("boursier", "cvec_acquittee", "nothing"):
        assert client.get(url(lina, kind)).status_code == 404


def test_a_file_that_is_not_open_is_opened_for_a_reason_first(client: Client) -> None:
    person = PersonFactory()
    at_desk(client)
    answer = client.get(url(person))
    assert (answer.status_code, answer["Location"]) == (302, reverse("desk:file", args=[person.uuid]))


def test_the_right_and_the_crous_are_checked_where_the_deed_is_done() -> None:
    person = PersonFactory(crous_ids=[LYON])
    for by in (actor_of(AgentFactory(newcomer=True, crous_ids=[LYON])), actor_of(AgentFactory())):
        with pytest.raises(Refusal, match="not_allowed"):
            actions.correct_fact(by=by, person=person, kind="birth_name", value="X", reason=WHY, paper_id=1, now=NOW)
        with pytest.raises(Refusal, match="not_allowed"):
            actions.keep_proof(by=by, person=person, name="a", content=PDF, now=NOW)


def test_communes_are_suggested_accent_free(client: Client) -> None:
    at_desk(client)
    results = client.get(reverse("desk:communes"), {"q": "st malo"}).json()["results"]
    assert results[0] == {"value": "35288", "label": "Saint-Malo (35400)", "hint": "Ille-et-Vilaine"}
