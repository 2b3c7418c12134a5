"""Several at the same instant, and the database's own rules taken away for a control: for the races of every room."""

import threading
from collections.abc import Callable
from typing import Any

from django.db import connection

from messervices.kernel.scope import EVERY, Scope, acting_as

ANYBODY = Scope("race", crous=EVERY)


def together(deeds: list[Callable[[], Any]], scope: Scope = ANYBODY) -> list[Any]:
    """Do the deeds at the same instant, each on its own connection; give what each gave, or how it failed."""
    gate = threading.Barrier(len(deeds))
    given: list[Any] = [None] * len(deeds)

    def run(place: int) -> None:
        try:
            with acting_as(scope):
                connection.ensure_connection()
                gate.wait(20)
                given[place] = deeds[place]()
        except BaseException as failure:  # noqa: BLE001 - a race is judged by all that came of it
            given[place] = failure
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(deeds))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return given


def failures(given: list[Any]) -> list[BaseException]:
    """How those that failed did."""
    return [one for one in given if isinstance(one, BaseException)]


def as_owner(*statements: str) -> None:
    """Run statements as the owner of the tables, as the application may not."""
    with connection.cursor() as cursor:
        cursor.execute("set role msv_owner")
        for statement in statements:
            cursor.execute(statement)
        cursor.execute("set role msv_app")
