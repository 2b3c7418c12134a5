"""A Crous sees its own students and no others: every address, every kind of reader, two Crous; then each fence alone.

The application filters first; row-level security stands behind. With one of the two off nothing must be seen; with
both off this very test must see something, or it proves nothing.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest import mock

import pytest
from django.db import connection, transaction
from django.db.models import QuerySet
from django.test import Client
from django.urls import reverse

from messervices.desk import rules as desk_rules
from messervices.desk.tests.factories import sign_in
from messervices.foundations.accounts.models import User
from messervices.foundations.crous.models import Crous
from messervices.foundations.payments.models import Order
from messervices.foundations.students.models import Person
from messervices.foundations.students.tests.factories import PersonFactory, UserFactory
from messervices.kernel.scope import Scope, acting_as
from messervices.services.cvec.tests.factories import AcquittementFactory
from tests.routes import ROUTES, Route, names_of_the_resolver
from tests.world import World, browser_of, user_of, whole

pytestmark = pytest.mark.django_db

KINDS = ("student", "payer", "agent", "national", "establishment", "anonymous")
SIDED = {"student", "payer", "agent"}
AWAY = {301, 302, 400, 401, 403, 404, 405, 409, 410, 422}
"""How a page is refused: led to the sign-in, or told no. Never 200 with somebody else's."""


@dataclass
class Reader:
    """Somebody who opens addresses: of which kind, and of which side (0: of none)."""

    kind: str
    side: int
    client: Client


@dataclass(frozen=True)
class Probe:
    """What one reader got of one address about what belongs to one side."""

    route: str
    kind: str
    side: int
    about: int
    status: int
    own: frozenset[str]
    foreign: frozenset[str]

    @property
    def leaks(self) -> bool:
        return bool(self.foreign)


def account(world: World, kind: str, side: int) -> User | None:
    """Whose account a reader has."""
    if kind == "student":
        return user_of(world.sides[side].paid)
    if kind == "payer":
        return user_of(world.sides[side].payer)
    if kind == "agent":
        return world.sides[side].agent
    return {"national": world.national, "establishment": world.referent}.get(kind)


def readers_of(world: World, kinds: tuple[str, ...] = KINDS) -> list[Reader]:
    """One reader of each kind and side, signed in; the agents have opened the file of their own side."""
    found = []
    for kind in kinds:
        for side in world.sides if kind in SIDED else (0,):
            reader = Reader(kind, side, browser_of(account(world, kind, side)))
            found.append(reader)
            if kind in {"agent", "national"}:
                for own in [side] if side else world.sides:
                    address = ROUTES["desk:open"].address("desk:open", world, world.sides[own])
                    reader.client.post(address, {"reason": "payment"})
    return found


@contextmanager
def undone() -> Iterator[None]:
    """Undo what is done inside."""
    with whole():
        yield
        transaction.set_rollback(True)


def probe(world: World, name: str, route: Route, reader: Reader, about: int) -> Probe:
    """Open one address; what is in the address itself is told by whoever asks, not by us."""
    address = route.address(name, world, world.sides[about])
    with undone():
        if route.post is None:
            answer = reader.client.get(address)
        else:
            answer = reader.client.post(address, route.post)
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    said = body.decode(errors="replace") + str(answer.headers)
    seen = {
        side: {mark for mark in one.marks if mark in said and mark not in address} for side, one in world.sides.items()
    }
    own = frozenset(seen[reader.side] if reader.side else ())
    foreign = frozenset(mark for side, marks in seen.items() if side != reader.side for mark in marks)
    return Probe(name, reader.kind, reader.side, about, answer.status_code, own, foreign)


def walk(world: World, names: list[str], readers: list[Reader]) -> list[Probe]:
    """Open every address as every reader, about what belongs to each side."""
    return [
        probe(world, name, ROUTES[name], reader, about)
        for name in names
        for reader in readers
        for about in (world.sides if ROUTES[name].args else [reader.side or next(iter(world.sides))])
    ]


def wrong(one: Probe) -> str:
    """Say what is wrong with a probe, or nothing."""
    route, here = ROUTES[one.route], f"{one.route} as {one.kind} of {one.side} about {one.about}: {one.status}"
    mine = one.kind in route.readers and one.side in {0, one.about}
    if one.status >= 500:
        return f"{here}, broken"
    if one.kind != "national" and one.leaks:
        return f"{here}, shows {sorted(one.foreign)}"
    if not mine and route.args and one.side and one.side != one.about and one.status not in AWAY and not public(route):
        return f"{here}, is not refused"
    if mine and route.shows and one.kind in SIDED and (one.status != 200 or not one.own):
        return f"{here}, shows nothing of one’s own: no proof"
    if mine and route.args and route.shows and one.kind == "national" and (one.status != 200 or not one.foreign):
        return f"{here}, shows nothing to the national desk: no proof"
    return ""


def public(route: Route) -> bool:
    """An address that is open to all, or says the same to all."""
    return "anonymous" in route.readers or route.args is None or not route.readers & SIDED


def test_every_route_has_its_line_and_every_line_its_route() -> None:
    there = names_of_the_resolver()
    assert not there - set(ROUTES), "write a line in tests/routes.py for each"
    assert not set(ROUTES) - there, "these routes are gone"


def test_everybody_sees_their_own_and_nothing_else(world: World) -> None:
    probes = walk(world, list(ROUTES), readers_of(world))
    found = [said for one in probes if (said := wrong(one))]
    assert not found, f"{len(found)} of {len(probes)} probes\n" + "\n".join(found)
    assert len(probes) > 10 * len(ROUTES) // 2


def isolated_tables() -> list[str]:
    """Every table that carries a policy."""
    with connection.cursor() as cursor:
        cursor.execute("select tablename from pg_policies where schemaname = 'public'")
        return [row[0] for row in cursor.fetchall()]


@contextmanager
def policies_off() -> Iterator[None]:
    """Take the second fence away, in this transaction alone."""
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        cursor.execute("set role msv_owner")
        for table in isolated_tables():
            cursor.execute(f"alter table {table} disable row level security")
        cursor.execute("set role msv_app")
    yield


SCOPING = re.compile(r"(person(_id)?|person__crous_ids__overlap|crous_ids__overlap|crous(_id)?(__in)?)")


@contextmanager
def selectors_off() -> Iterator[None]:
    """Take the first fence away: no look-up by person or by Crous filters anything, as if each had been forgotten."""
    real = QuerySet._filter_or_exclude
    tables = set(isolated_tables())

    def forgetful(queryset: Any, negate: bool, args: Any, kwargs: dict[str, Any]) -> Any:
        if queryset.model._meta.db_table in tables and not negate:
            kwargs = {name: value for name, value in kwargs.items() if not SCOPING.fullmatch(name)}
        return real(queryset, negate, args, kwargs)

    everybody = mock.patch.object(desk_rules, "may_see", return_value=True)
    with everybody, mock.patch.object(QuerySet, "_filter_or_exclude", forgetful):
        yield


def leaks_of(world: World, readers: list[Reader]) -> set[str]:
    """Walk what names or lists anybody's rows; give the routes that showed a foreign one."""
    names = [name for name, route in ROUTES.items() if (route.args or route.shows) and route.post is None]
    return {one.route for one in walk(world, names, readers) if one.kind in SIDED and one.leaks}


def test_without_the_policies_the_selectors_hold(world: World) -> None:
    readers = readers_of(world, ("student", "payer", "agent"))
    with undone(), policies_off():
        assert leaks_of(world, readers) == set()


def test_without_the_selectors_the_policies_hold(world: World) -> None:
    readers = readers_of(world, ("student", "payer", "agent"))
    with undone(), selectors_off():
        assert leaks_of(world, readers) == set()


def test_control_without_both_the_matrix_sees_foreign_rows_everywhere(world: World) -> None:
    readers = readers_of(world, ("student", "payer", "agent"))
    with undone(), policies_off(), selectors_off():
        seen = leaks_of(world, readers)
    assert {"portal:me", "pay:show", "desk:file", "desk:bank", "desk:event"} <= seen
    assert {"cvec_desk:acquittements", "cvec_desk:acquittement", "cvec:certificate", "desk:case"} <= seen
    assert {"desk:payouts", "desk:payout", "desk:payout_run", "desk:payout_answer", "payouts:payouts"} <= seen


def test_a_student_of_two_crous_shows_each_its_own_files(world: World) -> None:
    moved, orders = world.moved, dict(Order.objects.filter(person=world.moved).values_list("crous_id", "number"))
    assert set(orders) == set(world.sides)
    for reader in readers_of(world, ("agent",)):
        opened = reader.client.post(reverse("desk:open", args=[moved.uuid]), {"reason": "payment"})
        assert opened.status_code == 302
        for part in ("file", "file_payments"):
            body = reader.client.get(reverse(f"desk:{part}", args=[moved.uuid])).content.decode()
            seen = {crous_id for crous_id, number in orders.items() if number in body}
            assert seen == {reader.side}, part


def test_somebody_without_a_person_and_an_agent_without_a_factor_see_nobody(world: World) -> None:
    names = [name for name, route in ROUTES.items() if route.args or route.shows]
    without_factor = sign_in(Client(raise_request_exception=False), world.sides[26].agent, second_factor=False)
    for client in (browser_of(world.newcomer), browser_of(world.bare_agent), without_factor):
        probes = walk(world, names, [Reader("anonymous", 0, client)])
        shown = {one.route: one.foreign - {"@crous-26.example", "Vexin"} for one in probes}  # their own name
        assert not any(shown.values()), shown


def test_each_of_the_twenty_six_crous_sees_one_student_of_twenty_six(world: World) -> None:
    offices = list(Crous.objects.order_by("pk").values_list("pk", flat=True))
    assert len(offices) == 26
    people = {pk: PersonFactory(crous_ids=[pk], birth_name=f"Quidam-{pk}x", search_key="quidam lina") for pk in offices}
    for person in people.values():
        AcquittementFactory(person=person, crous_id=person.crous_ids[0])
    rights = ["desk:file:open", "cvec:acquittement:see"]
    for pk in offices:
        client = browser_of(UserFactory(kind="agent", label="Agent", crous_ids=[pk], rights=rights))
        found = client.post(reverse("desk:search"), {"q": "quidam"}, follow=True).content.decode()
        listed = client.get(reverse("cvec_desk:acquittements")).content.decode()
        for page in (found, listed):
            assert {other for other in offices if f"Quidam-{other}x" in page} == {pk}
        with acting_as(Scope("agent", crous=(pk,))):
            assert Person.objects.filter(search_key="quidam lina").values_list("pk", flat=True).get() == people[pk].pk
