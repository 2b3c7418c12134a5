"""Counts of a year at a Crous, for its accountant: how the CVEC was acknowledged, why some owe nothing."""

from collections import Counter

from django.db.models import Count
from django.utils.translation import gettext as _

from messervices.kernel.academic_year import AcademicYear
from messervices.kernel.manifest import Figure
from messervices.services.cvec.models import Acquittement
from messervices.services.cvec.states import Motive, Status


def figures(crous_id: int, year: AcademicYear) -> list[Figure]:
    """Give the figures of a Crous and a year (one query)."""
    rows = Acquittement.objects.filter(crous_id=crous_id, year=year).order_by()
    counted = rows.exclude(status=Status.CANCELLED).values_list("status", "motive").annotate(count=Count("pk"))
    by_status: Counter[str] = Counter()
    by_motive: Counter[str] = Counter()
    for status, motive, count in counted:
        by_status[status] += count
        if status == Status.EXEMPT:
            by_motive[motive] += count
    shown = (Status.PAID, Status.EXEMPT, Status.REFUNDED)
    return [
        Figure(
            _("CVEC acquittées"), _("Comment"), _("Étudiants"),
            tuple((status.label, by_status[status]) for status in shown),
        ),
        Figure(
            _("Exonérations, par motif"), _("Motif"), _("Étudiants"),
            tuple((motive.label, by_motive[motive]) for motive in Motive if by_motive[motive]),
        ),
    ]  # fmt: skip
