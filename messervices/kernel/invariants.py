"""What must hold at every moment, as SQL that counts what breaks it."""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec

from django.apps import apps


@dataclass(frozen=True, slots=True)
class Invariant:
    """``sql`` is read-only and gives one number: how many rows break the invariant. ``name`` says it in words."""

    name: str
    sql: str


def all_invariants() -> Iterator[tuple[str, Invariant]]:
    """Yield (room, invariant) for every room that has an ``invariants.py``."""
    for config in apps.get_app_configs():
        module = f"{config.name}.invariants"
        if config.name.startswith("messervices.") and config.name != "messervices.kernel" and find_spec(module):
            for invariant in import_module(module).invariants():
                yield config.label, invariant
