"""The copy of a paper that somebody takes: an agent's copy of an identity paper says for whom it was made, and why."""

from datetime import datetime

from django.utils import translation

from messervices.foundations.crous import selectors as crous
from messervices.foundations.documents.models import Paper
from messervices.foundations.documents.providers import jail
from messervices.kernel.actor import Actor
from messervices.look.words import day


def copy_for(by: Actor, paper: Paper, now: datetime) -> bytes:
    """Give the bytes to hand over: as they are to whom they belong, marked to an agent when they prove an identity.

    The mark is written by the limited child, not inside a transaction. Raises ``ProviderUnavailable`` when it cannot
    be: no copy leaves without its mark.
    """
    content = bytes(paper.content or b"")
    if by.kind != "agent" or not paper.identity:
        return content
    return jail.marked(content, paper.media_type, mark_of(by, paper.purpose, now))


def mark_of(by: Actor, purpose: str, now: datetime) -> str:
    """Say for whom the copy is, what for and of which day, in French."""
    office = crous.crous_of(by.office_id).name if by.office_id else "Cnous"
    with translation.override("fr"):
        parts = [f"Copie pour le {office}", purpose, day(now)]
    return " – ".join(part for part in parts if part)
