"""Days: what a rail owed, what happened, what it owes; and how they compare with last year's."""

from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from messervices.desk.views.door import AgentRequest, for_agents, show
from messervices.desk.views.treasury.door import draw, office_of
from messervices.foundations.crous import selectors as crous
from messervices.foundations.payments.states import RailName
from messervices.foundations.treasury import selectors
from messervices.foundations.treasury.states import SEE
from messervices.kernel import manifest
from messervices.kernel.academic_year import AcademicYear
from messervices.look.words import count as count_in_words
from messervices.look.words import day as day_in_words
from messervices.look.words import euros

PERIODS = (14, 30, 60)
Summed = dict[str, dict[str, int]]


def rail_name(rail: str) -> str:
    """A rail as people call it."""
    return str(RailName(rail).label) if rail in RailName.values else rail


def today_of(request: AgentRequest, crous_id: int) -> date:
    """The calendar day where the Crous is."""
    return request.now.astimezone(ZoneInfo(crous.crous_of(crous_id).timezone)).date()


def _day_asked(request: AgentRequest, today: date) -> date:
    try:
        asked = date.fromisoformat(request.GET.get("day", ""))
    except ValueError:
        return today
    return asked if date(2000, 1, 1) < asked <= today else today


@require_GET
@for_agents(SEE)
def sheet(request: AgentRequest) -> HttpResponse:
    """One day by rail: opening, collected, refunded, fees, settled, closing. ``?paper=1``: the sheet to print."""
    crous_id = office_of(request)
    today = today_of(request, crous_id)
    day = _day_asked(request, today)
    lines = selectors.day_sheet(crous_id, day, request.now)
    names = (
        "opening_cents", "collected_cents", "collected", "refunded_cents", "refunded", "fees_cents", "settled_cents",
        "adjusted_cents", "closing_cents",
    )  # fmt: skip
    context: dict[str, Any] = {
        "day": day, "lines": [(rail_name(line.rail), line) for line in lines], "here": "treasury_sheet",
        "total": {name: sum(getattr(line, name) for line in lines) for name in names},
        "before": day - timedelta(days=1), "after": day + timedelta(days=1) if day < today else None,
        "is_closed": bool(lines) and all(line.is_closed for line in lines), "is_today": day == today,
    }  # fmt: skip
    if request.GET.get("paper"):
        return show(request, "treasury/paper", context | {"crous_of": crous.crous_of(crous_id)})
    return draw(request, "sheet", crous_id, context)


@require_GET
@for_agents(SEE)
def period(request: AgentRequest) -> HttpResponse:
    """Closed days of a period beside last year's, by rail; refunds; what each service counts.

    It ends yesterday, or, when nothing was collected in it, on the last day on which something was.
    """
    crous_id = office_of(request)
    asked = request.GET.get("days", "")
    days = int(asked) if asked.isdecimal() and int(asked) in PERIODS else PERIODS[0]
    last = today_of(request, crous_id) - timedelta(days=1)
    now_, then = _summed(crous_id, last, days)
    if not now_ and not then and (busy := selectors.last_collected(crous_id)):
        last = busy
        now_, then = _summed(crous_id, last, days)
    first = last - timedelta(days=days - 1)
    rails = sorted(now_.keys() | then.keys())
    year = crous.current_year("cvec", request.now, crous_id) or AcademicYear(last.year)
    context = {
        "charts": _charts(crous_id, first, last), "first": first, "last": last, "days": days, "periods": PERIODS,
        "rails": [(rail_name(rail), now_.get(rail, {}), then.get(rail, {})) for rail in rails],
        "refunds": _compared(rails, now_, then, "refunded_cents"),
        "figures": figures_of(crous_id, year), "year": year, "here": "treasury_period",
    }  # fmt: skip
    return draw(request, "period", crous_id, context)


def _summed(crous_id: int, last: date, days: int) -> tuple[Summed, Summed]:
    """Sum the days until one, and the same days of the year before."""
    first = last - timedelta(days=days - 1)
    before = selectors.summed_between(crous_id, a_year_before(first), a_year_before(last))
    return selectors.summed_between(crous_id, first, last), before


def a_year_before(day: date) -> date:
    """The same day of the year before; the 28th of February for the 29th."""
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return day.replace(year=day.year - 1, day=28)


def _compared(rails: list[str], now_: Summed, then: Summed, name: str) -> list[tuple[str, int, str, int, str]]:
    """Rows of a chart: a sum of each rail beside last year's."""
    pairs = [(rail, now_.get(rail, {}).get(name, 0), then.get(rail, {}).get(name, 0)) for rail in rails]
    return [(rail_name(rail), cents, euros(cents), before, euros(before)) for rail, cents, before in pairs]


def _charts(crous_id: int, first: date, last: date) -> list[dict[str, Any]]:
    """What was collected each day, by rail, beside last year: one chart a rail, and one of all rails."""
    now_ = selectors.collected_by_day(crous_id, first, last)
    then = selectors.collected_by_day(crous_id, a_year_before(first), a_year_before(last))
    rails = sorted({rail for of_day in (*now_.values(), *then.values()) for rail in of_day})
    every = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    charts = []
    for rail in ["", *rails] if len(rails) > 1 else rails:
        rows = []
        for day in every:
            here, before = now_.get(day, {}), then.get(a_year_before(day), {})
            cents, other = (
                of_day.get(rail, 0) if rail else sum(of_day.values()) for of_day in (here, before)
            )  # fmt: skip
            if cents or other:
                rows.append((day_in_words(day), cents, euros(cents), other, euros(other)))
        charts.append({"id": f"collected-{rail or 'all'}", "rows": rows,
                       "title": rail_name(rail) if rail else _("Tous les moyens de paiement")})  # fmt: skip
    return charts


def figures_of(crous_id: int, year: AcademicYear) -> list[tuple[manifest.Figure, list[tuple[str, int, str]]]]:
    """What the services count of a year at a Crous, ready to be drawn."""
    found = []
    for service in manifest.services():
        if service.figures:
            for figure in manifest.call(service.figures)(crous_id, year):
                rows = [(str(label), count, count_in_words(count)) for label, count in figure.rows]
                found.append((figure, rows))
    return found
