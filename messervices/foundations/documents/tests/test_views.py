from typing import Any

import pytest
from django.http import Http404
from django.test import RequestFactory

from messervices.foundations.audit.models import Read
from messervices.foundations.documents import actions, views
from messervices.foundations.documents.tests.factories import issue
from messervices.foundations.documents.tests.test_rules import PDF
from messervices.foundations.students.tests.factories import NOW, PersonFactory, agent, student, user_of
from messervices.kernel.actor import Actor
from messervices.kernel.scope import acting_as

pytestmark = pytest.mark.django_db


def asked(view: Any, actor: Actor, uuid: Any) -> Any:
    """Ask a view as an actor, in the actor's scope, as the middleware would."""
    request: Any = RequestFactory().get("/")
    request.actor, request.now = actor, NOW
    with acting_as(actor.scope):
        return view(request, uuid)


def test_a_student_takes_their_own_paper_drawn_at_once_if_need_be() -> None:
    document = issue()
    response = asked(views.document, student(user_of(document.person)), document.uuid)
    assert response.content.startswith(b"%PDF")
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"] == f'attachment; filename="{document.number}.pdf"'
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in response["Cache-Control"]
    assert not Read.objects.exists()


def test_an_agent_of_the_crous_takes_it_and_the_student_will_know() -> None:
    document = issue()
    assert asked(views.document, agent(26), document.uuid).status_code == 200
    read = Read.objects.get()
    assert (read.person_id, read.what) == (document.person_id, "documents.document")
    assert document.number in read.reason


def test_everybody_else_meets_nothing_there() -> None:
    document = issue()
    paper = actions.keep_paper(person_id=document.person_id, name="a.pdf", content=PDF, by=agent(), now=NOW)
    for actor in (Actor.anonymous(), agent(10), student(user_of(PersonFactory()))):
        for view, uuid in ((views.document, document.uuid), (views.paper, paper.uuid)):
            with pytest.raises(Http404):
                asked(view, actor, uuid)
    assert not Read.objects.exists()


def test_a_proof_is_saved_never_shown() -> None:
    person = PersonFactory()
    paper = actions.keep_paper(person_id=person.pk, name="Relevé.exe", content=PDF, by=agent(), now=NOW)
    response = asked(views.paper, student(user_of(person)), paper.uuid)
    assert response.content == PDF
    assert response["Content-Disposition"].startswith("attachment; filename*=utf-8''Relev%C3%A9.pdf")
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'; frame-ancestors 'none'"
    assert asked(views.paper, agent(26), paper.uuid).status_code == 200
    assert Read.objects.get().what == "documents.paper"
