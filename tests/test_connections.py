"""A pooled connection remembers nobody: many readers, few connections, and everything that can go wrong on one.

Exceptions in and out of transactions, savepoints, time-outs, streams read late or cut, threads, killed backends. The
control is the arrangement one would write first, which shows other people's rows.
"""

import copy
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, connection, connections, transaction
from django.db.backends.postgresql import base as plain
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.test import Client, RequestFactory
from psycopg import sql

from messervices.config.settings import database
from messervices.desk.tests.factories import AgentFactory, sign_in
from messervices.foundations.accounts.middleware import ActingMiddleware
from messervices.foundations.accounts.sessions import SessionStore
from messervices.foundations.students.models import Fact, Person
from messervices.foundations.students.tests.factories import PersonFactory, give_fact, user_of
from messervices.kernel.pg.base import DatabaseWrapper
from messervices.kernel.scope import NOBODY, Scope, acting_as, current
from tests.world import whole

pytestmark = [pytest.mark.django_db(transaction=True)]

OFFICES = (3, 7, 12, 26)
CONNECTIONS, THREADS, REQUESTS = 3, 8, 45
SEED = 2026


@dataclass
class Reader:
    """A session, and whose rows it may see."""

    session_key: str
    may_see: frozenset[int]


@dataclass
class Seen:
    """What all requests saw together."""

    rows: int = 0
    foreign: int = 0
    short: int = 0
    broken: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, rows: list[int], may_see: frozenset[int], *, whole: bool) -> None:
        """Count the rows of one request."""
        with self.lock:
            self.rows += len(rows)
            self.foreign += len([row for row in rows if row not in may_see])
            self.short += whole and set(rows) != may_see


def readers() -> list[Reader]:
    """Two students in each office, an agent of each, and somebody who has not signed in."""
    with whole():
        people = {office: [PersonFactory(crous_ids=[office]) for _turn in range(2)] for office in OFFICES}
        for person in (one for found in people.values() for one in found):
            give_fact(person, "boursier", {"echelon": "1"})
        agents = {office: AgentFactory(crous_ids=[office]) for office in OFFICES}
    found = [Reader("", frozenset())]
    for office in OFFICES:
        keys = [(user_of(person), {person.pk}) for person in people[office]]
        keys.append((agents[office], {person.pk for person in people[office]}))
        for user, may_see in keys:
            key = sign_in(Client(), user).cookies["sessionid"].value
            found.append(Reader(key, frozenset(may_see)))
    return found


def people() -> list[int]:
    """Whom this connection shows now."""
    return list(Person.objects.order_by("pk").values_list("pk", flat=True))


def plainly(_request: HttpRequest) -> HttpResponse:
    return answer(people())


def in_a_transaction(_request: HttpRequest) -> HttpResponse:
    with transaction.atomic():
        return answer(list(Fact.objects.values_list("person_id", flat=True)))


def after_a_savepoint(_request: HttpRequest) -> HttpResponse:
    with transaction.atomic():
        with suppress(ValueError), transaction.atomic():
            people()
            raise ValueError
        return answer(people())


def failing_inside(_request: HttpRequest) -> HttpResponse:
    with transaction.atomic():
        people()
        raise ValueError


def failing_outside(_request: HttpRequest) -> HttpResponse:
    people()
    raise ValueError


def too_slow(_request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute("set statement_timeout = '1ms'")
        cursor.execute("select pg_sleep(0.05)")
    return answer([])


def killed(_request: HttpRequest) -> HttpResponse:
    people()
    with connection.cursor() as cursor:
        cursor.execute("select pg_terminate_backend(pg_backend_pid())")
    return answer([])


def in_a_thread(_request: HttpRequest) -> HttpResponse:
    """A new thread is nobody, and gives its connection back; ours is given back first, or all might wait for all."""
    found: list[int] = []
    people()
    connection.close()

    def work() -> None:
        connections["default"] = _make[0]()
        try:
            with suppress(DatabaseError, psycopg.Error):  # without the reset, a time-out may be left on the connection
                found.extend(people())
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    response = answer(found)
    response.whole = False
    return response


def streamed(_request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(f"{pk}," for pk in people_later())


def people_later() -> Iterator[int]:
    """Reads only when the view has long returned."""
    yield from people()


def cut(request: HttpRequest) -> StreamingHttpResponse:
    response = streamed(request)
    response.cut = True
    return response


def answer(rows: list[int]) -> HttpResponse:
    return HttpResponse(",".join(map(str, rows)))


VIEWS: tuple[Callable[..., Any], ...] = (
    plainly, plainly, in_a_transaction, after_a_savepoint, failing_inside, failing_outside, too_slow, in_a_thread,
    streamed, cut, killed,
)  # fmt: skip
_make: list[Callable[[], Any]] = []


def read(response: Any) -> list[int]:
    """Read the body, as the server would after the middleware; cut streams after their first piece."""
    if not response.streaming:
        body = response.content.decode()
    elif getattr(response, "cut", False):
        body = next(iter(response.streaming_content), b"").decode()
    else:
        body = b"".join(response.streaming_content).decode()
    response.close()
    return [int(part) for part in body.split(",") if part]


def serve(middleware: type, reader: Reader, view: Callable[..., Any], seen: Seen) -> None:
    """Serve one request, then give the connection back, as Django does at its end."""
    request: Any = RequestFactory().get("/")
    request.session = SessionStore(reader.session_key or None)
    try:
        response = middleware(view)(request)
        rows = read(response)
        whole_answer = getattr(response, "whole", True) and not getattr(response, "cut", False)
        may_see = frozenset() if view is in_a_thread else reader.may_see
        seen.note(rows, may_see, whole=whole_answer)
    except (ValueError, DatabaseError, psycopg.Error):  # telling the scope may fail too: that is psycopg's own error
        pass  # the page of an error: nothing was shown
    except BaseException as error:  # noqa: BLE001 - told by the test
        seen.broken.append(repr(error))
    finally:
        connection.close()


def storm(wrapper: type, middleware: type) -> Seen:
    """Let many threads share few connections; give what they saw."""
    settings = copy.deepcopy(connection.settings_dict)
    settings["OPTIONS"]["pool"] = {"min_size": CONNECTIONS, "max_size": CONNECTIONS, "timeout": 20}
    _make[:] = [lambda: wrapper(settings, "default")]  # the pool is found by the alias
    everybody, seen = readers(), Seen()

    def work(number: int) -> None:
        chance = random.Random(SEED + number)
        connections["default"] = _make[0]()
        for _turn in range(REQUESTS):
            serve(middleware, chance.choice(everybody), chance.choice(VIEWS), seen)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wrapper(settings, "default").close_pool()
    assert not seen.broken, seen.broken[:3]
    assert seen.rows > THREADS * REQUESTS // 4, "hardly anything was read: no proof"
    return seen


class Trusting(plain.DatabaseWrapper):
    """Django's own: what was said to a connection stays on it."""


class Telling(ActingMiddleware):
    """Says on the connection whose rows may be seen, at the start of a request of somebody signed in."""

    def __init__(self, get_response: Any) -> None:
        """Say it just before the view."""

        def told(request: Any) -> HttpResponse:
            scope = current()
            if scope != NOBODY:
                crous = "{" + ",".join(map(str, scope.crous)) + "}" if scope.crous else ""
                person = "" if scope.person is None else str(scope.person)
                with connection.cursor() as cursor:
                    cursor.execute(
                        "select set_config('app.crous', %s, false), set_config('app.person', %s, false)",
                        (crous, person),
                    )
            return get_response(request)

        super().__init__(told)


class Believing(DatabaseWrapper):
    """Ours, believing that a borrowed connection is nobody's, as it would be had somebody wiped it."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Borrow, and take it for clean."""
        borrowed = super().get_new_connection(conn_params)
        self.told, self.wiped = NOBODY, True
        return borrowed


def test_nobody_sees_anothers_rows_however_connections_are_shared() -> None:
    seen = storm(DatabaseWrapper, ActingMiddleware)
    assert (seen.foreign, seen.short) == (0, 0)


@pytest.mark.parametrize(("wrapper", "middleware"), [(Trusting, Telling), (Believing, ActingMiddleware)])
def test_control_without_the_wiping_other_peoples_rows_are_seen(wrapper: type, middleware: type) -> None:
    assert storm(wrapper, middleware).foreign > 0


def test_every_connection_of_ours_is_made_by_our_own_engine() -> None:
    for size in (1, 4, 8):
        made = database.connection("postgresql://messervices@/messervices?host=/s", "msv_app", pool=size)
        assert made["ENGINE"] == "messervices.kernel.pg"
    assert "pool" not in database.connection("postgresql://messervices@/messervices", "msv_app", pool=0)["OPTIONS"]


def one_connection() -> DatabaseWrapper:
    """A wrapper whose pool holds a single connection."""
    settings = copy.deepcopy(connection.settings_dict)
    settings["OPTIONS"]["pool"] = {"min_size": 1, "max_size": 1, "timeout": 10}
    return DatabaseWrapper(settings, "default")


_TOLD = "select current_setting('app.person', true), current_setting('app.crous', true), %s::text"
PERSON = Scope("a student", person=7)
OFFICE = Scope("an agent", crous=(3, 12))


def told(wrapper: DatabaseWrapper, scope: Scope, params: Any = ("100 %",)) -> Any:
    """What the connection answers in a scope."""
    query = _TOLD.replace("%s", "%(word)s") if isinstance(params, dict) else _TOLD
    with acting_as(scope), wrapper.cursor() as cursor:
        cursor.execute(query, params)
        return cursor.fetchone()


def test_a_statement_is_answered_in_the_scope_in_force_whatever_its_parameters_look_like() -> None:
    wrapper = one_connection()
    try:
        assert told(wrapper, PERSON) == ("7", "", "100 %")
        assert told(wrapper, OFFICE, {"word": "100 %"}) == ("", "{3,12}", "100 %")
        with acting_as(PERSON), wrapper.cursor() as cursor:
            cursor.execute("select '50 %' || current_setting('app.person')")
            assert cursor.fetchone() == ("50 %7",)
            cursor.execute(sql.SQL("select current_setting({})").format(sql.Literal("app.person")))
            assert cursor.fetchone() == ("7",)
        assert told(wrapper, NOBODY) == ("", "", "100 %")
    finally:
        wrapper.close()
        wrapper.close_pool()


def test_many_rows_a_copy_and_a_cursor_of_the_server_follow_the_scope_too() -> None:
    wrapper = one_connection()
    try:
        with acting_as(PERSON), wrapper.cursor() as cursor:
            cursor.execute("create temp table seen (who text default current_setting('app.person'), what int)")
        with acting_as(Scope("another", person=8)), wrapper.cursor() as cursor:
            cursor.executemany("insert into seen (what) values (%s)", [(1,), (2,)])
        with acting_as(Scope("a third", person=9)), wrapper.cursor() as cursor:
            with cursor.copy("copy seen (what) from stdin") as rows:
                rows.write_row((3,))
            assert cursor.rowcount == 1
        with acting_as(Scope("a fourth", person=10)), wrapper.chunked_cursor() as cursor:
            cursor.execute("select who, what, current_setting('app.person') from seen order by what")
            assert list(cursor) == [("8", 1, "10"), ("8", 2, "10"), ("9", 3, "10")]
    finally:
        wrapper.close()
        wrapper.close_pool()


def test_what_must_stand_alone_stands_alone_even_as_the_first_statement() -> None:
    wrapper = one_connection()
    try:
        with acting_as(PERSON), wrapper.cursor() as cursor:
            cursor.execute("vacuum (skip_locked) django_migrations")  # refused in company of any other
            cursor.execute(_TOLD, ("",))
            assert cursor.fetchone() == ("7", "", "")
    finally:
        wrapper.close()
        wrapper.close_pool()


def test_what_fails_takes_back_what_was_told_with_it_and_is_told_again() -> None:
    wrapper = one_connection()
    try:
        with acting_as(PERSON), wrapper.cursor() as cursor:
            with pytest.raises(DatabaseError):
                cursor.execute("select 1 / 0")
            cursor.execute(_TOLD, ("",))
            assert cursor.fetchone() == ("7", "", "")
        with acting_as(OFFICE), suppress(ZeroDivisionError):
            wrapper.set_autocommit(autocommit=False)
            told(wrapper, OFFICE)
            wrapper.rollback()
            wrapper.set_autocommit(autocommit=True)
        assert told(wrapper, OFFICE) == ("", "{3,12}", "100 %")
    finally:
        wrapper.close()
        wrapper.close_pool()


def test_a_setting_left_on_a_connection_is_gone_when_it_is_borrowed_again() -> None:
    settings = copy.deepcopy(connection.settings_dict)
    settings["OPTIONS"]["pool"] = {"min_size": 1, "max_size": 1, "timeout": 10}
    wrapper = DatabaseWrapper(settings, "default")
    with wrapper.cursor() as cursor:
        cursor.execute("set statement_timeout = '7ms'")
        cursor.execute("select set_config('app.crous', '{26}', false)")
    wrapper.close()
    with wrapper.cursor() as cursor:
        cursor.execute("select current_setting('statement_timeout'), current_user, current_setting('app.actor')")
        assert cursor.fetchone() == ("15s", "msv_app", current().name)
    wrapper.close()
    wrapper.close_pool()
