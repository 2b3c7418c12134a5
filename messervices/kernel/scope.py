"""Whose rows may be seen: one value for a request or a job, followed by the database connection.

See docs/decisions/0002: the application filters first; the policies of ``isolation.py`` catch what was forgotten.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

EVERY: tuple[int, ...] = tuple(range(100))
"""Every Crous, and 0: students not attached to one yet."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Who is acting (``name``, for the audit), for which Crous, and for which person when it is a student."""

    name: str
    crous: tuple[int, ...] = ()
    person: int | None = None


NOBODY = Scope("nobody")


def of_establishment(uai: str) -> Scope:
    """Give the scope of whoever answers for an establishment: what it handed in, and nobody's file."""
    return Scope(f"establishment:{uai}")


_current: ContextVar[Scope] = ContextVar("messervices_scope", default=NOBODY)


def current() -> Scope:
    """Give the scope in force here; ``NOBODY`` when none was set."""
    return _current.get()


@contextmanager
def acting_as(scope: Scope) -> Iterator[None]:
    """Act in a scope until the end of the block. The only way to set one."""
    token = _current.set(scope)
    try:
        yield
    finally:
        _current.reset(token)
