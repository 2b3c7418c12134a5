"""The national desk says in which class an establishment is."""

from datetime import datetime

from django.utils.translation import gettext as _

from messervices.foundations.audit import actions as audit
from messervices.foundations.crous.rules import paris_day
from messervices.kernel.action import action
from messervices.kernel.actor import Actor
from messervices.kernel.errors import Refusal
from messervices.services.cvec.models import Beneficiary
from messervices.services.cvec.states import Right


def refuse_unless_national(by: Actor, right: Right) -> None:
    """Raise ``Refusal("not_allowed")`` unless the actor is of the national desk, with the right."""
    if not (by.national and by.may(right)):
        raise Refusal("not_allowed", _("Le partage se prépare au niveau national."))


@action
def class_beneficiary(*, by: Actor, uai: str, share_class: str, source: str, now: datetime) -> Beneficiary:
    """Class an establishment, from a source; the files no longer change it. The same again changes nothing.

    Sharings out that are drawn keep what they were drawn with. Raises ``Refusal("not_allowed")``.
    """
    refuse_unless_national(by, Right.SHARE)
    row = Beneficiary.objects.select_for_update(of=("self",)).get(pk=uai)
    if (row.share_class, row.source, row.shipped) == (share_class, source, False):
        return row
    before = row.share_class
    row.share_class, row.source, row.certainty, row.known_on = share_class, source, "sourced", paris_day(now)
    row.shipped, row.set_by_id, row.set_by_label = False, by.user_id, by.label
    row.save()
    audit.record(
        by=by, verb="cvec.class_beneficiary", subject=f"crous.establishment:{uai}", now=now, reason=source,
        details={"before": before, "after": share_class},
    )  # fmt: skip
    return row
