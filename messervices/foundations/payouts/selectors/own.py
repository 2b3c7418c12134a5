"""What a person, or an establishment, sees of their own account and payouts."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from messervices.foundations.payouts import rules
from messervices.foundations.payouts.models import BankDetails, Line, Payout
from messervices.foundations.payouts.providers import registry
from messervices.foundations.payouts.states import PayoutStatus
from messervices.look import words


def details_in_force(*, person_id: int | None = None, establishment_uai: str = "") -> BankDetails | None:
    """The account to which money goes now: of a person, or of an establishment (one query)."""
    return _details(person_id, establishment_uai).filter(superseded_at=None).first()


def details_history(*, person_id: int | None = None, establishment_uai: str = "", limit: int = 20) -> list[BankDetails]:
    """Every account ever given, newest first."""
    return list(_details(person_id, establishment_uai).order_by("-told_at", "-pk")[:limit])


def _details(person_id: int | None, establishment_uai: str) -> QuerySet[BankDetails]:
    if establishment_uai:
        return BankDetails.objects.filter(establishment=establishment_uai)
    return BankDetails.objects.filter(person=person_id or 0)


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happened to a payout, as its payee reads it."""

    at: datetime
    title: str
    text: str = ""
    state: str = "done"
    fam: str = ""


@dataclass(frozen=True, slots=True)
class Followed:
    """A payout with its story, the oldest first. ``why`` and ``advice`` are of the last return, if it is returned."""

    payout: Payout
    sentence: str
    kind: str
    moments: list[Moment] = field(default_factory=list)
    why: str = ""
    advice: str = ""
    wants_details: bool = False


_KINDS = {
    PayoutStatus.PAID: "ok", PayoutStatus.RETURNED: "bad", PayoutStatus.CANCELLED: "", PayoutStatus.WAITING: "warn",
}  # fmt: skip


def payouts_of(person_id: int, limit: int = 50) -> list[Followed]:
    """A person's payouts with their stories, newest first (two queries)."""
    return [followed(payout) for payout in _with_lines(Payout.objects.filter(person_id=person_id))[:limit]]


def payout_of(kind: str, reference: str) -> Followed | None:
    """What became of the payout of a thing, for the service that ordered it; the live one, else the last."""
    found = _with_lines(Payout.objects.filter(kind=kind, reference=reference))
    every = sorted(found, key=lambda payout: payout.status == PayoutStatus.CANCELLED)
    return followed(every[0]) if every else None


def _with_lines(payouts: QuerySet[Payout]) -> QuerySet[Payout]:
    lines = Line.objects.filter(withdrawn_at=None).select_related("file").defer("file__content_sealed").order_by("rank")
    return payouts.select_related("details").prefetch_related(
        Prefetch("lines", queryset=lines, to_attr="story")
    ).order_by("-ordered_at", "-pk")  # fmt: skip


def followed(payout: Any) -> Followed:
    """Tell the story of a payout whose lines were read (``story``), in the language in force."""
    language = get_language() or "fr"
    code = registry.return_code(payout.return_code)
    moments = [Moment(payout.ordered_at, _("Virement décidé"))]
    for line in payout.story:
        moments += _of_line(line, language, payout.sent_at if line is payout.story[-1] else None)
    if payout.cancelled_at:
        moments.append(Moment(payout.cancelled_at, _("Virement annulé"), payout.cancel_reason, "bad"))
    is_returned = payout.status == PayoutStatus.RETURNED
    return Followed(
        payout=payout,
        sentence=_sentence(payout),
        kind=_KINDS.get(payout.status, "info"),
        moments=moments,
        why=code.why(language) if is_returned else "",
        advice=code.advice(language) if is_returned else "",
        wants_details=is_returned and code.whose == "payee",
    )


def _of_line(line: Line, language: str, sent_at: datetime | None) -> list[Moment]:
    """What happened to one try, in the order of the story rather than of the news.

    Its payee may not read the file that carried it, which names others: ``sent_at`` is what the payout itself knows.
    """
    moments = []
    if line.file is not None:
        sent_at = line.file.sent_at
    if sent_at is not None:
        moments.append(Moment(sent_at, _("Envoyé à la banque de votre Crous")))
    if line.accepted_at is not None:
        moments.append(Moment(line.accepted_at, _("Accepté par la banque")))
    paid_at = line.settled_at or line.debited_at
    if paid_at is not None:
        moments.append(
            Moment(paid_at, _("Viré"), _("Selon votre banque, l’argent arrive sous un à deux jours ouvrés."))
        )
    if line.failed_at is not None:
        code = registry.return_code(line.code)
        moments.append(Moment(line.failed_at, _("Revenu"), code.why(language), "bad"))
    return moments


def _sentence(payout: Payout) -> str:
    """Say in one sentence where a payout stands, as its payee reads it."""
    if payout.status == PayoutStatus.WAITING and payout.details.is_frozen:
        return _("Vos coordonnées bancaires sont bloquées : rien ne part.")
    if payout.status == PayoutStatus.WAITING and rules.only_time_is_missing(payout.why):
        on = words.day(payout.details.usable_from)
        return _("Par sécurité, un compte nouveau attend un peu : ce virement pourra partir le %(day)s.") % {"day": on}
    return {
        PayoutStatus.WAITING: _("Une vérification est en cours avant l’envoi."),
        PayoutStatus.READY: _("Il partira avec le prochain envoi à la banque."),
        PayoutStatus.IN_RUN: _("Il partira avec le prochain envoi à la banque."),
        PayoutStatus.SENT: _("La banque de votre Crous l’a reçu."),
        PayoutStatus.ACCEPTED: _("La banque l’a accepté."),
        PayoutStatus.PAID: _("La banque l’a fait."),
        PayoutStatus.RETURNED: _("La banque l’a renvoyé : l’argent n’est pas perdu."),
        PayoutStatus.CANCELLED: _("Il ne sera pas fait."),
    }[PayoutStatus(payout.status)]
