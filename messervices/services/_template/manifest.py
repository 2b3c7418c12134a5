"""How the service tells the platform of itself. Everything else finds it through this value."""

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from messervices.kernel.manifest import Manifest, Tile
from messervices.services._template import rules, selectors


def tile(person_id: int, now: datetime) -> Tile:
    """Say one sentence to one student (one query at most)."""
    ready = rules.is_ready(selectors.known_kinds(person_id))
    return Tile(
        title=MANIFEST.title,
        sentence=_("Tout est prêt.") if ready else _("Dites d’abord où vous étudiez."),
        url=reverse("_template:home"),
        action_label=_("Ouvrir"),
        fam="life",
        icon=MANIFEST.icon,
    )


MANIFEST = Manifest(
    slug="template",
    title=_("Service modèle"),
    section="life",
    sentence=_("Un service à copier."),
    icon="gear",
    urls="messervices.services._template.urls",
    home_url="_template:home",
    tile="messervices.services._template.manifest.tile",
    facts_read=("study_city",),
    keywords=_("modèle exemple"),
)
