"""What each room may write to people: its kinds of messages, told in its ``states.py`` as ``MESSAGES``.

A room that stands below the one that sends (accounts) tells its kinds the same way: nobody imports anybody for it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.apps import apps
from django.db import models
from django.utils.translation import gettext_lazy as _


class Topic(models.TextChoices):
    """What a message is about: the choice people have is by topic, not by kind."""

    DECISION = "decision", _("Décisions, et pièces que l’on vous demande")
    MONEY = "money", _("Paiements et remboursements")
    PAPER = "paper", _("Attestations et reçus")
    SECURITY = "security", _("Sécurité de votre compte")
    REMINDER = "reminder", _("Rappels avant une échéance")
    FOLLOW_UP = "follow_up", _("Nouvelles de ce qui avance, sans rien à faire")


STOPPABLE = frozenset({Topic.REMINDER, Topic.FOLLOW_UP})
"""Topics whose mails may be stopped: nothing is lost, the inbox of the portal keeps them. The others carry decisions,
time limits and money, of which people must be told (code des relations entre le public et l’administration, L. 221-8).
"""


@dataclass(frozen=True, slots=True)
class MessageKind:
    """A kind of message: what it is about, whether it waits, and examples of what its templates are given.

    ``urgent``: it leaves alone and at once, and by SMS too to who gave a number: it then has words for that, in
    ``<room>/sms/<name>.txt``. ``samples``: one set of params for each way the words may turn; tests write them all.
    """

    samples: tuple[Mapping[str, Any], ...] = ({},)
    topic: Topic = Topic.DECISION
    urgent: bool = False

    @property
    def may_stop(self) -> bool:
        """Whether a person may ask to have no more mails of it."""
        return self.topic in STOPPABLE


@cache
def message_kinds() -> Mapping[str, MessageKind]:
    """Give every kind there is, by its name (``cvec.certificate``)."""
    found: dict[str, MessageKind] = {}
    for config in apps.get_app_configs():
        module = f"{config.name}.states"
        if config.name.startswith("messervices.") and find_spec(module):
            found.update(getattr(import_module(module), "MESSAGES", {}))
    return found


def message_kind(name: str) -> MessageKind:
    """Give one kind. A name that no room has told of is a decision that does not hurry: the most careful reading."""
    return message_kinds().get(name, MessageKind())
