"""From the choice of means to the notice that is paid at a post office."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from messervices.kernel.academic_year import AcademicYear
from messervices.services.cvec import actions
from messervices.services.cvec.views.doors import campaign_or_404, person_page


@require_http_methods(["GET", "HEAD", "POST"])
@person_page
def cash(request: Any, year: AcademicYear) -> HttpResponse:
    """Choose to pay in cash: the notice is there at once; who owes nothing gets the certificate."""
    campaign_or_404(year, request.now)
    if request.method != "POST":
        return redirect("cvec:summary", year=year)
    notice = actions.pay_in_cash(by=request.actor, person_id=request.actor.person_id, year=year, now=request.now)
    if notice is None:
        return redirect("cvec:certificate", year=year)
    return redirect("cash:notice", uuid=notice.uuid)
