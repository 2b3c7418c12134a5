from datetime import timedelta
from typing import Any

import pytest
from django.http import Http404
from django.test import RequestFactory
from django.utils import translation

from messervices.foundations.audit import actions as audit
from messervices.foundations.audit.models import Read
from messervices.foundations.audit.states import OPEN_FILE
from messervices.foundations.documents import views
from messervices.foundations.documents.tests.factories import issue, proof
from messervices.foundations.students.models import Person
from messervices.foundations.students.tests.factories import NOW, PersonFactory, agent, student, user_of
from messervices.kernel.actor import Actor
from messervices.kernel.scope import acting_as
from messervices.look.templatetags.look import spoken

pytestmark = pytest.mark.django_db
OPEN = (OPEN_FILE,)


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


def opened(by: Actor, person: Person, ago: timedelta = timedelta()) -> Actor:
    """Have the agent open the person's file, some time ago."""
    audit.record_read(by=by, person_id=person.pk, crous_id=26, what="file", reason="Visite", now=NOW - ago)
    return by


def test_an_agent_who_opened_the_file_takes_it_and_the_student_will_know() -> None:
    document = issue()
    assert asked(views.document, opened(agent(26, rights=OPEN), document.person), document.uuid).status_code == 200
    read = Read.objects.latest("pk")
    assert (read.person_id, read.what) == (document.person_id, f"documents.document:{document.pk}")
    with translation.override("en"):
        assert spoken(read.reason) == "Download of a document"


def test_an_agent_who_did_not_open_the_file_or_no_longer_may_meets_nothing_there() -> None:
    document = issue()
    paper = proof(document.person)
    late = opened(agent(26, rights=OPEN, user_id=901), document.person, timedelta(hours=1))
    elsewhere = opened(agent(26, rights=OPEN, user_id=902), PersonFactory())
    for actor in (agent(26, rights=OPEN), late, elsewhere, opened(agent(26, user_id=903), document.person)):
        for view, uuid in ((views.document, document.uuid), (views.paper, paper.uuid)):
            with pytest.raises(Http404):
                asked(view, actor, uuid)
    assert not Read.objects.exclude(what="file").exists()


def test_everybody_else_meets_nothing_there() -> None:
    document = issue()
    paper = proof(document.person)
    for actor in (Actor.anonymous(), agent(10), student(user_of(PersonFactory()))):
        for view, uuid in ((views.document, document.uuid), (views.paper, paper.uuid)):
            with pytest.raises(Http404):
                asked(view, actor, uuid)
    assert not Read.objects.exists()
