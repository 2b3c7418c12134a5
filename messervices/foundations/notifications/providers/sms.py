"""Who carries SMS: the interface, and the carrier that the settings name. Without one, no SMS is written at all."""

from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from messervices.foundations.notifications.providers.answer import Answer


class SmsCarrier(Protocol):
    """A carrier of SMS. Neither deed is ever called inside a transaction."""

    def send(self, *, to: str, text: str, reference: str) -> Answer:
        """Hand over one SMS: ``to`` is E.164, ``text`` of ``rules.gsm``. The carrier keeps ``reference`` with it."""

    def ask(self, reference: str) -> Answer:
        """Ask what became of the SMS of a reference: ``TAKEN``, ``LATER`` (it never came), ``UNSURE`` (no answer)."""


def carrier() -> SmsCarrier | None:
    """Give the carrier that ``SMS_CARRIER`` names by its dotted path; ``None`` when it names none."""
    return import_string(settings.SMS_CARRIER)() if settings.SMS_CARRIER else None
