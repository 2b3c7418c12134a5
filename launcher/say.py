"""What the launcher says: a spinner and ticks on a terminal, plain lines elsewhere."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

_out = Console(highlight=False)
_err = Console(stderr=True, highlight=False)


def line(text: str = "") -> None:
    """Print one line at once, also into a pipe."""
    _out.print(text, markup=False, soft_wrap=True)
    sys.stdout.flush()


def trouble(text: str) -> None:
    """Print what went wrong, on standard error."""
    _err.print(text, style="bold red" if _err.is_terminal else "", markup=False, soft_wrap=True)


def ready(address: str) -> None:
    """Print the line that newcomers and scripts wait for."""
    line()
    _out.print(f"[bold green]Ready:[/] {address}" if _out.is_terminal else f"Ready: {address}", soft_wrap=True)
    sys.stdout.flush()


@contextmanager
def step(title: str, *, own_output: bool = False) -> Iterator[None]:
    """Announce a step and, at its end, how long it took. ``own_output``: what runs inside prints by itself."""
    began = time.monotonic()
    if _out.is_terminal and not own_output:
        with _out.status(title + "…"):
            yield
    else:
        line(f"  {title}…")
        yield
    took = time.monotonic() - began
    if _out.is_terminal:
        _out.print(f"  [green]✓[/] {title} [dim]{took:.1f} s[/]", soft_wrap=True)
    elif took >= 1:
        line(f"  {title}: done in {took:.1f} s")
