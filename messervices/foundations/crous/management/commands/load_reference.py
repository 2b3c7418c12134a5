"""Brings the shipped reference data into the tables: ``bin/manage load_reference``. Safe to run at every start."""

import time
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from messervices.foundations.crous.actions.load import Loaded, Step
from messervices.kernel import clock
from messervices.kernel.scope import EVERY, Scope, acting_as


def all_steps() -> Iterator[Step]:
    """Yield the steps of every room whose actions have ``reference_steps``, lower rooms first (settings’ order)."""
    for config in apps.get_app_configs():
        if config.name.startswith("messervices.") and find_spec(f"{config.name}.actions"):
            yield from getattr(import_module(f"{config.name}.actions"), "reference_steps", list)()


def sentence(name: str, done: Loaded) -> str:
    """Say what a step did."""
    said = [f"{count:,} {word}" for word, count in (("added", done.added), ("changed", done.changed)) if count]
    if done.kept:
        said.append(f"{done.kept:,} kept as set at the desk")
    return f"{name}: {done.rows:,} rows, {', '.join(said) or 'unchanged'}"


class Command(BaseCommand):
    """Loads Crous, communes, establishments, dates, amounts, roles, catalogue; prints what changed."""

    help = __doc__

    def handle(self, *, verbosity: int = 1, **_options: Any) -> None:
        """Run every step in its own transaction, in the scope of everybody (a role may change agents' accounts)."""
        began = time.monotonic()
        steps = list(all_steps())
        console = Console(file=self.stdout._out)  # noqa: SLF001 - rich needs the stream itself
        bar = Progress(
            TextColumn("[progress.description]{task.description}"), BarColumn(), MofNCompleteColumn(),
            TimeElapsedColumn(), console=console, disable=not (verbosity and self.stdout.isatty()),
        )  # fmt: skip
        changes = 0
        with bar, acting_as(Scope("load_reference", crous=EVERY)):
            task = bar.add_task("Reference data", total=len(steps))
            for step in steps:
                bar.update(task, description=step.name.ljust(18))
                done = step.run(clock.now())
                changes += done.added + done.changed
                bar.advance(task)
                if verbosity:
                    bar.console.print(sentence(step.name, done), highlight=False)
        took = time.monotonic() - began
        if verbosity:
            self.stdout.write(f"Reference data: {changes:,} changes in {took:.1f} s.")
