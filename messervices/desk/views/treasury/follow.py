"""Follow this euro: from any line to the student's click and back, on one page. Opening somebody's is written."""

from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_GET

from messervices.desk.views.door import AgentRequest, for_agents
from messervices.desk.views.treasury.door import draw
from messervices.foundations.audit import actions as audit
from messervices.foundations.students import selectors as students
from messervices.foundations.treasury import selectors
from messervices.foundations.treasury.selectors import Step
from messervices.foundations.treasury.states import SEE
from messervices.look.words import euros

REASON = gettext_noop("Suivi d’un paiement par l’agent comptable")
"""Read by the student, in their language, among who looked at their file."""


@require_GET
@for_agents(SEE)
def follow(request: AgentRequest, kind: str, pk: int) -> HttpResponse:
    """The way of a euro. What is one person's matter is written as read before it is shown."""
    chain = selectors.chain_of(kind, pk, request.actor)
    if chain is None:
        raise Http404
    person = None
    if chain.person_id is not None:
        what = f"treasury.order:{chain.order.pk}" if chain.order else f"treasury.{kind}:{pk}"
        audit.record_read(
            by=request.actor, person_id=chain.person_id, crous_id=chain.crous_id, what=what, reason=REASON,
            now=request.now,
        )  # fmt: skip
        person = students.person_by_id(chain.person_id)
    context = {
        "chain": chain, "steps": [told(step) for step in chain.steps], "here": "", "kind": kind,
        "person_uuid": person.uuid if person else None,
    }  # fmt: skip
    return draw(request, "follow", chain.crous_id, context)


def told(step: Step) -> dict[str, Any]:
    """Put a step into words: a title, a sentence, a link."""
    title, text, url, link = _TOLD[step.kind](step.facts)
    return {
        "at": step.at,
        "title": title,
        "text": text,
        "url": url,
        "link": link,
        "state": "done" if step.at else "todo",
    }


Told = tuple[str, str, str, str]


def _click(facts: dict[str, Any]) -> Told:
    return _("Le clic"), f"{facts['label']}, {euros(facts['cents'])}", "", ""


def _attempt(facts: dict[str, Any]) -> Told:
    return _("Une tentative"), f"{facts['rail']}, {facts['number']} : {facts['status']}", "", ""


def _event(facts: dict[str, Any]) -> Told:
    return _("La banque nous a dit"), str(facts["effect"]), "", ""


def _capture(facts: dict[str, Any]) -> Told:
    return _("Encaissé"), f"{euros(facts['cents'])}, {facts['rail']}, {facts['tx']}", "", ""


def _surplus(facts: dict[str, Any]) -> Told:
    return _("Encaissé en trop, à rendre"), f"{euros(facts['cents'])}, {facts['rail']}, {facts['tx']}", "", ""


def _moved(facts: dict[str, Any]) -> Told:
    text = _("%(cents)s de %(debit)s à %(credit)s") % {**facts, "cents": euros(facts["cents"])}
    return _("Écrit au grand livre"), text, "", ""


def _line(facts: dict[str, Any]) -> Told:
    text = _("%(reference)s, ligne %(number)d : %(cents)s, dont %(fee)s de frais") % {
        **facts, "cents": euros(facts["cents"]), "fee": euros(facts["fee"]),
    }  # fmt: skip
    return _("Dans une remise"), text, _settlement_url(facts), _("La remise")


def _charge_back(facts: dict[str, Any]) -> Told:
    _title, text, url, link = _line(facts)
    return _("Repris par la banque (impayé)"), text, url, link


def _settlement(facts: dict[str, Any]) -> Told:
    text = _("%(reference)s, net %(net)s") % {**facts, "net": euros(facts["net"])}
    return _("Une remise"), text, _settlement_url(facts), _("La remise")


def _settlement_url(facts: dict[str, Any]) -> str:
    return reverse("desk:treasury_settlement", args=[facts["pk"]])


def _entry(facts: dict[str, Any]) -> Told:
    text = _("Relevé %(statement)s, ligne %(number)d : %(cents)s") % {**facts, "cents": euros(facts["cents"])}
    url = reverse("desk:treasury_statement", args=[facts["statement_pk"]])
    return _("Sur le compte bancaire"), text, url, _("Le relevé")


def _cash(facts: dict[str, Any]) -> Told:
    text = _("Fichier n° %(number)d, ligne %(rank)d : %(cents)s") % {**facts, "cents": euros(facts["cents"])}
    return _("Payé à La Poste"), text, "", ""


def _refund(facts: dict[str, Any]) -> Told:
    return _("Rendu par le même moyen"), f"{euros(facts['cents'])} : {facts['status']}", "", ""


def _payout(facts: dict[str, Any]) -> Told:
    url = reverse("desk:payout", args=[facts["uuid"]])
    return _("Un virement décidé"), f"{facts['label']}, {euros(facts['cents'])}", url, facts["number"]


def _payout_sent(facts: dict[str, Any]) -> Told:
    return _("Virement envoyé à la banque"), f"{facts['number']}, {facts['file']}", "", ""


def _payout_debited(facts: dict[str, Any]) -> Told:
    return _("Virement débité du compte"), f"{facts['number']}, {euros(facts['cents'])}", "", ""


def _payout_failed(facts: dict[str, Any]) -> Told:
    return _("Virement revenu"), f"{facts['number']} {facts['code']}".strip(), "", ""


_TOLD: dict[str, Callable[[dict[str, Any]], Told]] = {
    "click": _click, "attempt": _attempt, "event": _event, "capture": _capture, "surplus": _surplus, "moved": _moved,
    "line": _line, "charge_back": _charge_back, "settlement": _settlement, "entry": _entry, "cash": _cash,
    "refund": _refund, "payout": _payout, "payout_sent": _payout_sent, "payout_debited": _payout_debited,
    "payout_failed": _payout_failed,
}  # fmt: skip
