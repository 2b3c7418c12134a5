"""How a service tells the platform of itself: one frozen value in its ``manifest.py``.

Portal, desk, URLs, payments and search read it. Nothing else names a service.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from typing import Any

from django.apps import AppConfig, apps
from django.utils.functional import Promise
from django.utils.module_loading import import_string

Text = str | Promise
SECTIONS = ("enrol", "aid", "stay", "residence", "life")
"""The five doors of the portal, in the order in which it shows them."""


@dataclass(frozen=True, slots=True)
class Tile:
    """What a service says to one student on their home page: one sentence, one link.

    ``urgency`` 0 means nothing to do; the highest one becomes the next step. ``deadline`` is shown beside it.
    """

    title: Text
    sentence: Text
    url: str
    action_label: Text
    fam: str
    icon: str
    urgency: int = 0
    badge: Text = ""
    badge_kind: str = ""
    deadline: Text = ""
    over: Text = ""


@dataclass(frozen=True, slots=True)
class Right:
    """A right that agents may hold: ``room:thing:deed`` and what it lets one do, in words."""

    code: str
    label: Text


@dataclass(frozen=True, slots=True)
class DeskQueue:
    """A queue of files at the desk: ``count`` (dotted) takes the actor; ``url_name`` opens it."""

    name: Text
    right: str
    count: str
    url_name: str


@dataclass(frozen=True, slots=True)
class Panel:
    """A service's part of a student's whole picture at the desk: a template and what it shows."""

    title: Text
    template: str
    context: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Figure:
    """Counts that a service gives of a year, for the accountants: a chart with its table. ``rows``: (label, count)."""

    title: Text
    label_head: Text
    value_head: Text
    rows: tuple[tuple[Text, int], ...]


@dataclass(frozen=True, slots=True)
class Manifest:
    """All that the platform knows of a service. Dotted paths are imported when first used.

    ``tile`` takes (person_id, now) and gives a ``Tile`` or ``None``, with one query at most; ``front`` takes (now) and
    gives the ``Panel`` shown first to those who have not signed in, without a query; ``figures`` takes (crous_id, year)
    and gives the ``Figure``s of a Crous that an accountant reads. ``facts_read`` and ``facts_written`` declare what it
    uses of a student's data, for people: no code reads them yet.
    """

    slug: str
    title: Text
    section: str
    sentence: Text
    icon: str
    urls: str
    home_url: str
    api: str = ""
    tile: str = ""
    front: str = ""
    on_paid: Mapping[str, str] = field(default_factory=dict)
    on_payout: Mapping[str, str] = field(default_factory=dict)
    desk_urls: str = ""
    desk_queues: tuple[DeskQueue, ...] = ()
    desk_panel: str = ""
    rights: tuple[Right, ...] = ()
    verbs: Mapping[str, Text] = field(default_factory=dict)
    facts_read: tuple[str, ...] = ()
    facts_written: tuple[str, ...] = ()
    search: str = ""
    forget: str = ""
    figures: str = ""
    keywords: Text = ""


class ServiceConfig(AppConfig):
    """The app configuration of a service. Import this *module*, never the class by name.

    Django picks an ``AppConfig`` by itself only if one is in sight: two in ``apps.py`` and the service would vanish.
    """

    default = False


@cache
def services() -> tuple[Manifest, ...]:
    """Give the manifests of all services, in the order of the settings."""
    return tuple(
        import_module(f"{config.name}.manifest").MANIFEST
        for config in apps.get_app_configs()
        if isinstance(config, ServiceConfig)
    )


@cache
def call(dotted: str) -> Callable[..., Any]:
    """Give the function that a manifest names."""
    return import_string(dotted)  # type: ignore[no-any-return]  # a manifest names functions; a test holds it


@cache
def paid_callback(kind: str) -> Callable[..., Any]:
    """Give the action of the service that sold a ``kind``. Raises ``LookupError`` when none did."""
    for manifest in services():
        if kind in manifest.on_paid:
            return call(manifest.on_paid[kind])
    msg = f"no service sells {kind!r}"
    raise LookupError(msg)


@cache
def payout_callback(kind: str) -> Callable[..., Any]:
    """Give the action of the service that has a ``kind`` paid out. Raises ``LookupError`` when none has."""
    for manifest in services():
        if kind in manifest.on_payout:
            return call(manifest.on_payout[kind])
    msg = f"no service pays out {kind!r}"
    raise LookupError(msg)


@cache
def verbs() -> dict[str, Text]:
    """Give every deed's sentence: those of the services and those of the foundations' ``states.py``."""
    sentences: dict[str, Text] = {}
    for config in apps.get_app_configs():
        if config.name.startswith("messervices.foundations."):
            try:
                states = import_module(f"{config.name}.states")
            except ModuleNotFoundError:
                continue
            sentences.update(getattr(states, "VERBS", {}))
    for manifest in services():
        sentences.update(manifest.verbs)
    return sentences
