"""Takes return files of the post offices: ``bin/manage import_eficash FILE…``, or a folder of them. Safe to run twice.

Each file is kept, checked whole, and read to its end here and now; the payments are settled by the worker's jobs. A
file that was cut is refused, with each bad line named, and the command ends with an error.
"""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import translation
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from messervices.foundations.cash import actions, selectors
from messervices.foundations.cash.models import ReturnFile
from messervices.foundations.cash.states import Fault, FileStatus, Origin
from messervices.kernel import clock
from messervices.kernel.actor import Actor
from messervices.kernel.errors import Refusal
from messervices.kernel.scope import EVERY, Scope, acting_as

_EVERYBODY = Actor(kind="agent", label="import_eficash", national=True)
"""Whose view the printed counts are: every Crous."""


class Command(BaseCommand):
    """Imports files, prints what they hold or why they are refused."""

    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        """Files, or folders whose ``*.csv`` are taken in the order of their names."""
        parser.add_argument("paths", nargs="+", type=Path)

    def handle(self, *, paths: list[Path], **_options: Any) -> None:
        """Take each file; say how it went."""
        found = [one for path in paths for one in (sorted(path.glob("*.csv")) if path.is_dir() else [path])]
        refused = 0
        with acting_as(Scope("import_eficash", crous=EVERY)), translation.override("en"):
            for path in found:
                try:
                    kept = self._take(path)
                except (OSError, Refusal) as problem:
                    raise CommandError(f"{path.name}: {problem}") from None
                self._say(path.name, kept)
                refused += kept.status == FileStatus.REJECTED
        if refused:
            raise CommandError(f"{refused} of {len(found)} files refused: nothing of them was counted")

    def _take(self, path: Path) -> ReturnFile:
        now = clock.now()
        kept = actions.receive_file(
            raw=path.read_bytes(), name=path.name, origin=Origin.FOLDER, by=Actor.system("import_eficash"), now=now
        ).file
        console = Console(file=self.stdout._out)  # noqa: SLF001 - rich needs the stream itself
        bar = Progress(
            TextColumn(path.name), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
            console=console, disable=not self.stdout.isatty(),
        )  # fmt: skip
        with bar:
            task = bar.add_task("read", total=None)
            actions.read_file(
                file_id=kept.pk, now=now, tell=lambda done, every: bar.update(task, completed=done, total=every)
            )
        kept.refresh_from_db()
        return kept

    def _say(self, name: str, kept: ReturnFile) -> None:
        if kept.status == FileStatus.REJECTED:
            self.stdout.write(f"{name}: refused")
            for line, fault in kept.faults:
                self.stdout.write(f"  line {line}: {Fault(fault).label}")
            return
        said = ", ".join(f"{one.count:,} {one.label}" for one in selectors.tallies(kept.pk, _EVERYBODY)) or "no line"
        self.stdout.write(f"{name}: {kept.get_status_display()}, {kept.lines_read:,} of {kept.lines_count:,}: {said}")
