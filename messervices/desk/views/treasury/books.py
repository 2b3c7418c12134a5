"""Accounts that must clear, with what waits in each; and the last lines of the ledger that speak of a Crous."""

from django.http import HttpResponse
from django.views.decorators.http import require_GET

from messervices.desk.views.door import AgentRequest, for_agents
from messervices.desk.views.treasury.door import draw, office_of
from messervices.desk.views.treasury.sheets import rail_name, today_of
from messervices.foundations.crous import selectors as crous
from messervices.foundations.ledger import selectors as ledger
from messervices.foundations.payouts.selectors import payable_account, transit_account
from messervices.foundations.treasury import rules, selectors
from messervices.foundations.treasury.states import SEE

_ITEMS, _LINES = 200, 100
_ACCOUNTS = ("receivable", "settlement", "suspense")


@require_GET
@for_agents(SEE)
def transits(request: AgentRequest) -> HttpResponse:
    """What waits in each account, by age; the things that wait in one of them, when it is chosen."""
    crous_id = office_of(request)
    account, rail = request.GET.get("account", ""), request.GET.get("rail", "")[:16]
    items = selectors.items_of(crous_id, account, rail, _ITEMS) if account in _ACCOUNTS else []
    today = today_of(request, crous_id)
    kept = ledger.balances([payable_account(crous_id), transit_account(crous_id)])
    context = {
        "transits": [(rail_name(one.rail), one) for one in selectors.transits_of(crous_id, request.now)],
        "payable": kept[payable_account(crous_id)], "in_transit": kept[transit_account(crous_id)],
        "items": [(item, (today - item.since).days) for item in items], "account": account,
        "rail": rail_name(rail) if rail else "", "here": "treasury_transits", "most": _ITEMS,
    }  # fmt: skip
    return draw(request, "transits", crous_id, context)


@require_GET
@for_agents(SEE)
def books(request: AgentRequest) -> HttpResponse:
    """The last lines of the ledger on the Crous's own accounts; each leads to the way of its euro."""
    crous_id = office_of(request)
    slug = crous.crous_of(crous_id).slug
    rails = sorted({one.rail for one in selectors.contracts_of(request.actor, crous_id)})
    paths = [
        rules.bank(slug), rules.suspense(slug), rules.adjustments(slug), payable_account(crous_id),
        transit_account(crous_id), *(rules.settlement(rail, slug) for rail in rails),
        *(rules.fees(rail, slug) for rail in rails),
    ]  # fmt: skip
    before = request.GET.get("before", "")
    asked = int(before) if before.isdecimal() and len(before) < 19 else None  # noqa: PLR2004 - fits a bigint
    rows = ledger.transfers_on(paths, _LINES + 1, asked)
    more = rows[_LINES - 1].pk if len(rows) > _LINES else None
    context = {
        "balances": ledger.balances(paths).items(), "rows": rows[:_LINES], "more": more,
        "here": "treasury_books",
    }  # fmt: skip
    return draw(request, "books", crous_id, context)
