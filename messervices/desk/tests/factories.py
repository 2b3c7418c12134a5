"""Agents at their desks, and the situations they meet."""

from importlib import import_module
from typing import Any

import factory
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.test import Client

from messervices.desk import selectors
from messervices.foundations.accounts.models import User
from messervices.foundations.students import selectors as students
from messervices.foundations.students.models import IdentifierCase, Person
from messervices.foundations.students.tests.factories import UserFactory, bea, told
from messervices.kernel.actor import Actor

VERSAILLES, LYON = 26, 12
OF_A_CROUS = ("desk:file:open", "desk:fact:correct", "desk:case:decide", "cvec:acquittement:see")


class AgentFactory(factory.django.DjangoModelFactory):
    """An agent of Versailles who may search, correct and decide. Traits: ``lyon``, ``cnous``, ``accountant``."""

    class Meta:
        model = User

    class Params:
        lyon = factory.Trait(crous_ids=[LYON], label="B. Faure, Crous de Lyon")
        cnous = factory.Trait(
            crous_ids=[],
            national=True,
            label="A. Petit, Cnous",
            rights=factory.LazyFunction(lambda: sorted(selectors.known_rights())),
        )
        accountant = factory.Trait(rights=["desk:file:open", "payments:event:close", "payments:refund:retry"])
        manager = factory.Trait(rights=[*OF_A_CROUS, "catalogue:announcement:edit"])
        newcomer = factory.Trait(rights=[])

    email = factory.Sequence(lambda n: f"agent{n}@crous.example")
    kind = "agent"
    label = "M. Duval, Crous de Versailles"
    crous_ids = factory.LazyFunction(lambda: [VERSAILLES])
    rights = factory.LazyFunction(lambda: list(OF_A_CROUS))
    password = "!"


def sign_in(client: Client, user: User, *, second_factor: bool = True) -> Client:
    """Open a session as the sign-in pages would, with a second factor or without."""
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    methods = ["password", "mfa"] if second_factor else ["password"]
    session["account_authentication_methods_user"] = str(user.pk)
    session["account_authentication_methods"] = [{"method": method, "at": 0} for method in methods]
    session.create()
    client.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
    return client


def at_desk(client: Client, **traits: Any) -> User:
    """Make an agent and sign them in."""
    agent = AgentFactory(**traits)
    sign_in(client, agent)
    return agent


def contested(
    serial: int = 900, claimant_at: int = VERSAILLES, holder_at: int = VERSAILLES
) -> tuple[IdentifierCase, Person]:
    """Two persons who gave one INE: the case of the second, and the first."""
    holder = told(UserFactory(), ine=bea(serial), birth_name="Titulaire")
    claimant = told(UserFactory(), ine=bea(serial), birth_name="Okafor", first_names="Chidi")
    for person, crous_id in ((holder, holder_at), (claimant, claimant_at)):
        Person.objects.filter(pk=person.pk).update(crous_ids=[crous_id])
    case = students.open_case_of(claimant.pk)
    assert case is not None
    case.person.refresh_from_db()
    return case, Person.objects.get(pk=holder.pk)


def ids_by_number(text: str, _actor: Actor) -> list[int]:
    """What a service answers when it is asked whether a text is a number of its own: ``trial-12`` is person 12's."""
    return [int(text.removeprefix("trial-"))] if text.startswith("trial-") else []
