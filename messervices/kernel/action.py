"""The two marks of a write: a front door, or a room behind it."""

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from django.db import connection, transaction

P = ParamSpec("P")
R = TypeVar("R")


def action(function: Callable[P, R]) -> Callable[P, R]:
    """Mark a front door: one deed of a person, one transaction, and the outermost one (``durable``).

    Raises ``RuntimeError`` when called inside another transaction: who owns it would be hidden.
    """

    @functools.wraps(function)
    def door(*args: P.args, **kwargs: P.kwargs) -> R:
        with transaction.atomic(durable=True):
            return function(*args, **kwargs)

    return door


def inside_action(function: Callable[P, R]) -> Callable[P, R]:
    """Mark a write that never stands alone: raises ``RuntimeError`` unless a transaction is open."""

    @functools.wraps(function)
    def room(*args: P.args, **kwargs: P.kwargs) -> R:
        if not connection.in_atomic_block:
            msg = f"{function.__qualname__} must run inside an action"
            raise RuntimeError(msg)
        return function(*args, **kwargs)

    return room
