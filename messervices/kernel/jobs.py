"""The door to background work: jobs are rows written in the transaction that wants them.

Behind it stands procrastinate, on PostgreSQL. A rolled-back transaction leaves no job; a killed worker's job is
found by its missing heartbeat and run again. So every job may run twice, and must not mind.
"""

import functools
import json
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import procrastinate
from django.db import connection
from procrastinate.contrib.django import app

from messervices.kernel import clock
from messervices.kernel.scope import Scope, acting_as

log = logging.getLogger(__name__)

_ENQUEUE = (
    "select procrastinate_defer_jobs_v1(array[row(%s, %s, %s, null, null, %s::jsonb,"
    " now() + make_interval(secs => %s))::procrastinate_job_to_defer_v1])"
)


_jobs: dict[str, "Job"] = {}


def enqueue(name: str, **kwargs: Any) -> None:
    """Write a job by its name (``foundations.payments.tasks.read_inbox``): actions stand below their room's tasks.

    Raises ``KeyError`` for a name that no ``tasks.py`` has.
    """
    _jobs[name].enqueue(**kwargs)


def enqueue_after(name: str, wait: timedelta, **kwargs: Any) -> None:
    """Write a job that begins once ``wait`` has passed, by the database's clock: the platform's may be set elsewhere.

    Raises ``KeyError`` as ``enqueue`` does.
    """
    _jobs[name].enqueue(wait=wait, **kwargs)


class Job:
    """A function that the worker runs in a named scope, with ``now`` read as it starts."""

    def __init__(self, function: Callable[..., None], scope: Scope, task: Any, queue: str, priority: int) -> None:
        """Keep the function and its registration."""
        functools.update_wrapper(self, function)
        self.function, self.scope, self.task, self.queue, self.priority = function, scope, task, queue, priority

    def __call__(self, **kwargs: Any) -> None:
        """Run it here and now, as the worker would."""
        kwargs.setdefault("now", clock.now())
        with acting_as(self.scope):
            self.function(**kwargs)

    def enqueue(self, *, wait: timedelta | None = None, **kwargs: Any) -> None:
        """Write the job in the open transaction (one query), to begin at once or after ``wait``. Arguments are JSON."""
        if not connection.in_atomic_block:
            msg = f"{self.task.name} must be enqueued inside an action"
            raise RuntimeError(msg)
        with connection.cursor() as cursor:
            seconds = wait.total_seconds() if wait is not None else None
            cursor.execute(_ENQUEUE, (self.queue, self.task.name, self.priority, json.dumps(kwargs), seconds))


def job(
    *, scope: Scope, queue: str = "default", attempts: int = 8, priority: int = 0
) -> Callable[[Callable[..., None]], Job]:
    """Make a job of a function ``f(*, now, **json)``; retried with a growing wait, ``attempts`` times in all."""

    def register(function: Callable[..., None]) -> Job:
        retry = procrastinate.RetryStrategy(max_attempts=attempts, exponential_wait=2)
        name = f"{function.__module__}.{function.__name__}".removeprefix("messervices.")

        @app.task(name=name, queue=queue, retry=retry, priority=priority)
        def run(**kwargs: Any) -> None:
            try:
                made(**kwargs)
            finally:
                connection.close()  # the worker's threads are many; the pool is small

        made = _jobs[name] = Job(function, scope, run, queue, priority)
        return made

    return register


def periodic(*, cron: str, scope: Scope, queue: str = "default") -> Callable[[Callable[..., None]], Job]:
    """Make a job of ``f(*, now)`` that runs by the clock; two runs never overlap (one lock a job)."""

    def register(function: Callable[..., None]) -> Job:
        name = f"{function.__module__}.{function.__name__}".removeprefix("messervices.")

        @app.periodic(cron=cron)
        @app.task(name=name, queue=queue, queueing_lock=name, lock=name, pass_context=False)
        def run(timestamp: int) -> None:
            try:
                made()
            finally:
                connection.close()

        made = _jobs[name] = Job(function, scope, run, queue, 0)
        return made

    return register
