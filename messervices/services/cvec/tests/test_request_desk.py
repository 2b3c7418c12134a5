"""Requests at the desk: what waits, one of them and its papers, the answer; whose it is to give."""

from collections.abc import Iterator
from unittest import mock

import pytest
from django.test import Client

from messervices.foundations.audit.models import Read
from messervices.foundations.payouts.models import Payout
from messervices.foundations.students.models import Person
from messervices.foundations.students.tests.factories import user_of
from messervices.kernel import clock
from messervices.services.cvec import actions
from messervices.services.cvec.models import Request
from messervices.services.cvec.states import RequestStatus, Right
from messervices.services.cvec.tests.factories import LYON, VERSAILLES, agent_user, paid_student, signed_in
from messervices.services.cvec.tests.test_request_pages import DESK, REFUND, queries_of, text_of
from messervices.services.cvec.tests.test_requests import AGENT, AUTUMN, opened, refund_asked

pytestmark = pytest.mark.django_db
RIGHTS = (Right.DECIDE, "desk:file:open")


@pytest.fixture(autouse=True)
def _in_october() -> Iterator[None]:
    """Agents decide on 12 October 2026."""
    with mock.patch.object(clock, "now", return_value=AUTUMN):
        yield


@pytest.fixture
def asked() -> Request:
    """A refund that waits at the desk of Versailles."""
    return refund_asked()


def desk(*crous_ids: int, rights: tuple[str, ...] = RIGHTS) -> Client:
    return signed_in(agent_user(*crous_ids, rights=rights))


def at_desk(person: Person, *crous_ids: int) -> Client:
    """An agent who has opened the file of a person, for a reason."""
    client = desk(*crous_ids)
    client.post(f"/desk/students/{person.uuid}/open", {"reason": "payment"})
    return client


def test_the_desk_lists_what_waits_at_its_crous_and_the_latest_answers(asked: Request) -> None:
    name = asked.person.display_name
    page = text_of(desk(VERSAILLES).get(DESK))
    assert f"{DESK}{asked.pk}" in page
    assert name in page
    assert name in text_of(desk().get(DESK))
    theirs = text_of(desk(LYON).get(DESK))
    assert name not in theirs
    assert "Rien n’attend" in theirs
    actions.accept_request(by=AGENT, request_id=asked.pk, now=AUTUMN)
    page = text_of(desk(VERSAILLES).get(DESK))
    assert "Rien n’attend" in page
    assert "Dernières réponses" in page
    assert "Mme Roche" in page


def test_the_list_asks_as_many_queries_for_three_as_for_one(asked: Request) -> None:
    client = desk(VERSAILLES)
    one = queries_of(client, DESK)
    refund_asked()
    refund_asked()
    assert queries_of(client, DESK) == one
    assert one <= 8


def test_a_request_is_a_part_of_the_file_and_its_reading_is_recorded(asked: Request) -> None:
    user = agent_user(VERSAILLES, rights=RIGHTS)
    client = signed_in(user)
    answer = client.get(f"{DESK}{asked.pk}")
    assert (answer.status_code, answer["Location"]) == (302, f"/desk/students/{asked.person.uuid}/")
    assert not Read.objects.exists()
    client.post(f"/desk/students/{asked.person.uuid}/open", {"reason": "payment"})
    page = text_of(client.get(f"{DESK}{asked.pk}"))
    assert asked.person.display_name in page
    assert "papier.pdf" in page
    assert "Compte donné" in page
    read = Read.objects.latest("pk")
    assert (read.person_id, read.agent_id, read.what) == (asked.person_id, user.pk, f"cvec.request:{asked.pk}")
    assert read.reason == "Étude d’une demande de CVEC"
    assert queries_of(client, f"{DESK}{asked.pk}") <= 20


def test_an_agent_accepts_on_the_page(asked: Request) -> None:
    client = at_desk(asked.person, VERSAILLES)
    answer = client.post(f"{DESK}{asked.pk}", {"accept": "1"})
    assert (answer.status_code, answer["Location"]) == (302, DESK)
    assert "La demande est acceptée" in text_of(client.get(DESK))
    asked.refresh_from_db()
    assert asked.status == RequestStatus.ACCEPTED
    page = text_of(client.get(f"{DESK}{asked.pk}"))
    assert Payout.objects.get().number in page
    assert 'name="accept"' not in page
    page = text_of(client.post(f"{DESK}{asked.pk}", {"refuse": "1", "reason": "Trop tard."}))
    asked.refresh_from_db()
    assert asked.status == RequestStatus.ACCEPTED


def test_an_agent_refuses_on_the_page_and_must_say_why(asked: Request) -> None:
    client = at_desk(asked.person, VERSAILLES)
    assert client.post(f"{DESK}{asked.pk}", {"refuse": "1", "reason": " "}).status_code == 422
    answer = client.post(f"{DESK}{asked.pk}", {"refuse": "1", "reason": "Elle est d’une autre année."})
    assert answer.status_code == 302
    asked.refresh_from_db()
    assert (asked.status, asked.reason) == (RequestStatus.REFUSED, "Elle est d’une autre année.")


def test_an_agent_asks_for_a_paper_on_the_page(asked: Request) -> None:
    client = at_desk(asked.person, VERSAILLES)
    answer = client.post(f"{DESK}{asked.pk}", {"paper": "1", "wanted": "Toutes les pages", "wanted_by": "demain"})
    assert answer.status_code == 422
    assert "Toutes les pages" in text_of(answer)
    past = client.post(f"{DESK}{asked.pk}", {"paper": "1", "wanted": "Toutes les pages", "wanted_by": "2026-10-01"})
    assert "Laissez au moins un jour" in text_of(past)
    assert "Toutes les pages" in text_of(past)
    answer = client.post(f"{DESK}{asked.pk}", {"paper": "1", "wanted": "Toutes les pages", "wanted_by": "2026-10-22"})
    assert answer.status_code == 302
    asked.refresh_from_db()
    assert (asked.status, asked.wanted) == (RequestStatus.MORE_PAPERS, "Toutes les pages")


def test_the_desk_reads_english_too(asked: Request) -> None:
    client = at_desk(asked.person, VERSAILLES)
    client.cookies["language"] = "en"
    page = text_of(client.get(f"{DESK}{asked.pk}"))
    assert "Accepter" not in page
    assert "Papiers" not in page


def test_a_request_of_another_crous_is_not_there(asked: Request) -> None:
    client = desk(LYON)
    assert client.get(f"{DESK}{asked.pk}").status_code == 404
    assert client.post(f"{DESK}{asked.pk}", {"accept": "1"}).status_code == 404
    assert desk(VERSAILLES).get(f"{DESK}999999999").status_code == 404
    assert not Read.objects.exists()


def test_without_the_right_the_desk_is_closed(asked: Request) -> None:
    client = desk(VERSAILLES, rights=("desk:file:open",))
    assert client.get(DESK).status_code == 403
    assert client.get(f"{DESK}{asked.pk}").status_code == 403
    assert signed_in(user_of(asked.person)).get(DESK).status_code == 404


def test_what_was_never_sent_is_not_at_the_desk() -> None:
    person = paid_student().person
    draft = opened(person)
    client = at_desk(person, VERSAILLES)
    assert client.get(f"{DESK}{draft.pk}").status_code == 404
    signed_in(user_of(person)).post(f"{REFUND}/withdraw")
    draft.refresh_from_db()
    assert draft.status == RequestStatus.WITHDRAWN
    assert client.get(f"{DESK}{draft.pk}").status_code == 404
