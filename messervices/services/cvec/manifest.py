"""How the CVEC tells the platform of itself."""

from datetime import datetime
from functools import lru_cache

from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from messervices.foundations.crous import selectors as crous
from messervices.foundations.students.states import FactKind
from messervices.kernel.academic_year import AcademicYear
from messervices.kernel.manifest import DeskQueue, Manifest, Panel, Right, Tile
from messervices.look.words import day
from messervices.services.cvec import rules, selectors, states
from messervices.services.cvec.states import RIGHTS, VALID, VERBS, Status

URGENT = 90
"""Nothing is possible before it: it comes first among the next steps of a student who owes it."""


def tile(person_id: int, now: datetime) -> Tile | None:
    """Say where a student stands for the current campaign (one query)."""
    year = crous.current_year("cvec", now)
    campaign = selectors.campaign_of(year, now) if year else None
    if year is None or campaign is None:
        return None
    return _tile(year, selectors.standing_of(person_id, year), campaign.opening, get_language())


@lru_cache(maxsize=256)
def _tile(year: AcademicYear, standing: selectors.Standing, opening: rules.Opening, _language: str | None) -> Tile:
    """The tile of all who stand alike: written once a process and language, not once a page."""
    title = _("CVEC %(year)s") % {"year": year}
    if standing.status in VALID:
        return Tile(
            title=title,
            sentence=_("Votre attestation est prête : donnez son numéro à votre établissement."),
            url=reverse("cvec:certificate", args=[year]),
            action_label=_("Voir mon attestation"),
            fam="enrol",
            icon="seal",
            badge=_("Acquittée : télécharger"),
            badge_kind="ok",
        )
    if opening != rules.Opening.OPEN:
        return Tile(
            title=title,
            sentence=_("La campagne est terminée."),
            url=reverse("cvec:home"),
            action_label=_("Voir les dates"),
            fam="enrol",
            icon="seal",
        )
    if standing.motive:
        sentence, action = (
            _("Vous êtes exonéré : votre attestation est gratuite et immédiate."),
            _("Obtenir mon attestation"),
        )
    elif standing.notice:
        return _to_pay_at_a_post_office(title, *standing.notice)
    elif standing.status == Status.AWAITING_PAYMENT:
        sentence, action = _("Vous avez commencé : il reste le paiement."), _("Reprendre")
    else:
        sentence, action = (
            _("Pour vous inscrire, votre établissement demande son attestation."),
            _("Obtenir mon attestation"),
        )
    where = "cvec:summary" if standing.city_known else "cvec:situation"
    return Tile(
        title=title, sentence=sentence, url=reverse(where, args=[year]), action_label=action, fam="enrol", icon="seal",
        urgency=URGENT, badge=_("À faire avant votre inscription"), badge_kind="warn",
    )  # fmt: skip


def _to_pay_at_a_post_office(title: str, uuid: str, until: datetime) -> Tile:
    last = day(until)
    return Tile(
        title=title, sentence=_("Il reste à payer à La Poste, au plus tard le %(day)s.") % {"day": last},
        url=reverse("cash:notice", args=[uuid]), action_label=_("Voir mon avis de paiement"), fam="enrol", icon="seal",
        urgency=URGENT, badge=_("À payer à La Poste"), badge_kind="warn", deadline=last,
    )  # fmt: skip


def front(now: datetime) -> Panel | None:
    """The card "get your certificate" of the signed-out home; no query, as a rule."""
    year = crous.current_year("cvec", now)
    campaign = selectors.campaign_of(year, now) if year else None
    if campaign is None or campaign.opening != rules.Opening.OPEN:
        return None
    return Panel(MANIFEST.title, "cvec/front.html", {"campaign": campaign})


MANIFEST = Manifest(
    slug="cvec",
    title=gettext_lazy("CVEC"),
    section="enrol",
    sentence=gettext_lazy("Obtenir l’attestation de contribution de vie étudiante, demandée pour s’inscrire."),
    icon="seal",
    urls="messervices.services.cvec.urls",
    home_url="cvec:home",
    api="messervices.services.cvec.api.router",
    tile="messervices.services.cvec.manifest.tile",
    front="messervices.services.cvec.manifest.front",
    on_paid={"cvec": "messervices.services.cvec.actions.confirm_payment"},
    on_payout={
        "cvec.refund": "messervices.services.cvec.actions.follow_payout",
        "cvec.share": "messervices.services.cvec.actions.note_payout",
    },
    desk_urls="messervices.services.cvec.desk.urls",
    desk_queues=(
        DeskQueue(
            gettext_lazy("CVEC : exonérations et remboursements"),
            states.Right.DECIDE,
            "messervices.services.cvec.selectors.count_requests_waiting",
            "cvec_desk:requests",
        ),
        DeskQueue(
            gettext_lazy("Établissements : accès et rattachements"),
            states.Right.ADMIT,
            "messervices.services.cvec.selectors.demands_waiting",
            "cvec_desk:establishments",
        ),
        DeskQueue(
            gettext_lazy("Partage de la CVEC : à relire ou à arrêter"),
            states.Right.CHECK_SHARE,
            "messervices.services.cvec.selectors.to_review",
            "cvec_desk:sharings",
        ),
    ),
    desk_panel="messervices.services.cvec.desk.panel.panels",
    rights=tuple(Right(code, label) for code, label in RIGHTS.items()),
    verbs=VERBS,
    facts_read=(FactKind.STUDY_CITY, FactKind.BOURSIER, FactKind.ANNUAL_ALLOWANCE),
    facts_written=(FactKind.STUDY_CITY, FactKind.CVEC_ACQUITTEE),
    search="messervices.services.cvec.selectors.person_ids_by_number",
    forget="messervices.services.cvec.actions.forget",
    figures="messervices.services.cvec.selectors.figures.figures",
    keywords=gettext_lazy("attestation contribution vie étudiante campus inscription payer exonération certificat"),
)
