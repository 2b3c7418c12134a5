"""Loads the demonstration year: ``bin/manage load_demo``. Safe to run again: nobody is made twice."""

import time
from typing import Any

from django.core.management.base import BaseCommand
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from messervices.demo.actions.load_year import STEPS, load
from messervices.kernel import clock
from messervices.kernel.scope import EVERY, Scope, acting_as


class Command(BaseCommand):
    """Opens the accounts to sign in with, and walks some fifty people through a year."""

    help = __doc__

    def handle(self, *, verbosity: int = 1, **_options: Any) -> None:
        """Load, with a bar on a terminal and one line elsewhere."""
        began = time.monotonic()
        bar = Progress(
            TextColumn("[progress.description]{task.description}"), BarColumn(), MofNCompleteColumn(),
            TimeElapsedColumn(), console=Console(file=self.stdout._out),  # noqa: SLF001 - rich needs the stream itself
            disable=not (verbosity and self.stdout.isatty()),
        )  # fmt: skip
        with bar, acting_as(Scope("load_demo", crous=EVERY)):
            task = bar.add_task("Demonstration year", total=STEPS)
            for said in load(clock.now()):
                bar.update(task, advance=1, description=said.ljust(34))
        if verbosity:
            self.stdout.write(f"Demonstration year: {STEPS} people and deeds in {time.monotonic() - began:.1f} s.")
