"""Which pages are opened in the browser: each route with a page, by everybody to whom it looks different."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from messervices.foundations.catalogue.models import CatalogueEntry
from messervices.foundations.crous.models import Amount, Window
from messervices.foundations.payouts.actions.notices import freeze_path
from tests.browser.people import Visitors
from tests.live import aside
from tests.routes import ROUTES, UVSQ
from tests.world import YEAR
from tests.world_lists import nominee_token

Args = Callable[[Visitors], tuple[Any, ...]]


@dataclass(frozen=True)
class Shown:
    """A page as somebody sees it. Without ``args`` those of ``tests.routes``, about Versailles."""

    route: str
    who: str
    args: Args | None = None
    query: str = ""
    status: int = 200
    note: str = ""

    def address(self, visitors: Visitors) -> str:
        """Where it is."""
        if self.args is not None:
            return reverse(self.route, args=self.args(visitors)) + self.query
        return ROUTES[self.route].address(self.route, visitors.world, visitors.world.versailles) + self.query

    def __str__(self) -> str:
        """Give the name of its test."""
        return " ".join(filter(None, (self.route, self.who, self.note)))


def each(who: str, *routes: str) -> list[Shown]:
    """The same visitor on several pages."""
    return [Shown(route, who) for route in routes]


def _order_of(person: str) -> Args:
    def args(visitors: Visitors) -> tuple[Any, ...]:
        return (getattr(visitors.world.versailles, person).orders.get(status="open").uuid,)

    return args


def _row(shelf: str, model: Any) -> Args:
    return lambda _v: (shelf, model.objects.filter(superseded_at=None).order_by("pk")[0].pk)


def _freeze_token(visitors: Visitors) -> str:
    details = visitors.world.versailles.paid.bank_details.get(superseded_at=None)
    return freeze_path(details).rpartition("/")[2]


_ANSWER = "?place=higher&route=initial&mobility=none"
_SHELVES = ("windows", "amounts", "entries")
SHOWN: list[Shown] = [
    *each("anonymous", "portal:home", "portal:services", "portal:search", "portal:help", "portal:fraud"),
    *each("anonymous", "portal:accessibility", "portal:data", "portal:legal", "portal:status", "look:design"),
    Shown("portal:search", "anonymous", query="&q=xyzzy", note="nothing found"),
    *(Shown("portal:home", who) for who in ("newcomer", "paid", "payer", "scholar", "claimant")),
    *each("paid", "portal:me", "portal:identity", "portal:history", "portal:reads", "portal:messages"),
    *each("paid", "portal:contact", "messages:stop"),
    *each("paid", "portal:message"),
    Shown("portal:identity", "newcomer"),
    Shown("portal:me", "claimant"),
    Shown("portal:disputed_ine", "claimant"),
    # Accounts
    *each("anonymous", "account_login", "account_inactive", "account_signup", "account_signup_by_passkey"),
    *each("anonymous", "account_email_verification_sent", "account_reset_password", "account_reset_password_done"),
    *each("anonymous", "account_reset_password_from_key_done"),
    Shown("account_confirm_email", "anonymous", lambda v: (v.secrets.confirm,)),
    Shown("account_confirm_email", "anonymous", status=410, note="dead link"),
    Shown("account_reset_password_from_key", "anonymous", lambda v: v.secrets.reset),
    Shown("account_reset_password_from_key", "anonymous", note="dead link"),
    Shown("account_email_confirm", "anonymous", lambda v: (v.secrets.change,)),
    *each("paid", "account_home", "account_logout", "account_reauthenticate", "account_change_password"),
    *each("paid", "account_sessions", "account_email", "mfa_activate_totp", "mfa_add_webauthn"),
    Shown("account_email", "newcomer", note="change under way"),
    *each("keyholder", "account_home", "account_set_password", "mfa_list_webauthn", "mfa_reauthenticate_webauthn"),
    *each("keyholder", "mfa_remove_webauthn", "mfa_edit_webauthn"),
    *each("coded", "mfa_reauthenticate", "mfa_deactivate_totp", "mfa_view_recovery_codes"),
    *each("coded", "mfa_generate_recovery_codes"),
    Shown("mfa_activate_totp", "trainee"),
    Shown("mfa_authenticate", "half"),
    # The CVEC and its payment
    *(Shown("cvec:home", who) for who in ("anonymous", "paid", "payer", "scholar")),
    *each("anonymous", "cvec:situation", "cvec:verify", "cvec:scan"),
    Shown("cvec:situation", "anonymous", query=_ANSWER, note="answered"),
    *each("payer", "cvec:city", "cvec:summary"),
    Shown("cvec:summary", "scholar", lambda _v: (YEAR.previous,), note="closed"),
    *each("paid", "cvec:certificate", "cvec:on_phone", "cvec:receipt"),
    Shown("cvec:certificate", "paid", lambda _v: (YEAR.previous,), note="last year"),
    *(Shown("cvec:refund", who) for who in ("paid", "payer")),
    *(Shown("cvec:exemption", who) for who in ("paid", "payer")),
    Shown("cvec:certificate", "scholar", note="exempt"),
    Shown("cvec:verify", "referent"),
    # Establishments
    *each("anonymous", "cvec:register", "cvec:registered"),
    Shown("cvec:nominee", "anonymous", lambda _v: (aside(nominee_token),), note="to confirm"),
    Shown("cvec:nominee", "anonymous", status=410, note="dead link"),
    Shown("cvec:space_home", "referent"),
    *each("referent", "cvec:rolls", "cvec:roll_file", "cvec:students", "cvec:daughters", "cvec:keys"),
    Shown("cvec:students", "referent", query="?state=in_order", note="in order"),
    Shown("cvec:rolls_of", "referent", lambda _v: (UVSQ, YEAR.previous), note="none"),
    Shown("cvec:students_of", "referent", lambda _v: (UVSQ, YEAR.previous), note="none"),
    *each("agent", "cvec_desk:establishments", "cvec_desk:registration", "cvec_desk:share"),
    *each("national", "cvec_desk:sharings", "cvec_desk:sharing", "cvec_desk:classes", "cvec_desk:class"),
    Shown("cvec:shares", "referent"),
    Shown("documents:uploads", "paid"),
    *(Shown("pay:show", who, _order_of(who)) for who in ("payer", "refused", "doubtful")),
    Shown("pay:link", "payer", note="no link yet"),
    Shown("pay:link", "refused", _order_of("refused"), note="ready to send"),
    Shown("pay:payer", "anonymous", lambda v: (v.secrets.link,), note="asked"),
    Shown("pay:payer", "anonymous", status=410, note="dead link"),
    Shown("pay:payer_refuse", "anonymous", lambda v: (v.secrets.link,)),
    *each("paid", "payouts:payouts", "payouts:details"),
    Shown("payouts:payouts", "payer", note="none"),
    Shown("payouts:details", "payer", note="none"),
    Shown("payouts:freeze", "anonymous", lambda v: (_freeze_token(v),)),
    Shown("payouts:freeze", "anonymous", status=410, note="dead link"),
    *each("paid", "cash:notice", "cash:on_phone", "cash:sheet"),
    # The desk
    *each("agent", "desk:cash", "desk:cash_line", "desk:cash_files", "desk:cash_file"),
    *each("agent", "desk:payouts", "desk:payout", "desk:payout_run", "desk:payout_answer"),
    *each("agent", "desk:treasury", "desk:treasury_files", "desk:treasury_file", "desk:treasury_statement"),
    *each("agent", "desk:treasury_settlement", "desk:treasury_mismatches", "desk:treasury_mismatch"),
    *each("agent", "desk:treasury_sheet", "desk:treasury_period", "desk:treasury_transits", "desk:treasury_books"),
    *each("agent", "desk:treasury_follow", "desk:treasury_accounts", "desk:treasury_account"),
    *each("agent", "desk:treasury_account_new", "desk:treasury_contract"),
    Shown("desk:treasury", "national"),
    *each("agent", "desk:home", "desk:me", "desk:search", "desk:file", "desk:file_facts", "desk:file_payments"),
    *each("agent", "desk:file_papers", "desk:file_messages", "desk:file_timeline", "desk:file_reads", "desk:correct"),
    *each("agent", "desk:bank", "desk:event", "desk:refund", "desk:case", "desk:shelf", "desk:shelf_new"),
    *each("agent", "desk:shelf_row", "cvec_desk:acquittements", "cvec_desk:acquittement"),
    *each("agent", "cvec_desk:requests", "cvec_desk:request"),
    Shown("desk:file", "agent", lambda v: (v.world.versailles.payer.uuid,), note="the reason is asked"),
    *each("national", "desk:home", "desk:network", "desk:announcements", "desk:agents", "desk:agent"),
    *each("national", "desk:role_new", "desk:role"),
    *(
        Shown("desk:shelf", "national", lambda _v, s=slug: (s,), note=slug)
        for slug in ("windows", "amounts", "entries")
    ),
    *(
        Shown("desk:shelf_new", "national", lambda _v, s=slug: (s,), note=slug)
        for slug in ("windows", "amounts", "entries")
    ),
    Shown("desk:shelf_row", "national", _row("windows", Window), note="windows"),
    Shown("desk:shelf_row", "national", _row("amounts", Amount), note="amounts"),
    Shown("desk:shelf_row", "national", _row("entries", CatalogueEntry), note="entries"),
    # The demonstration
    *each("anonymous", "demo:home", "demo:mails"),
    Shown("demo:mail", "anonymous", lambda v: (v.secrets.mail,)),
]

WITHOUT_PAGE = {
    "cvec:schools": "JSON",
    "cvec:space": "leads to the space of the one establishment",
    "cvec:roll_state": "JSON",
    "cvec:roll_step": "a POST, then the file",
    "cvec:refused": "a file",
    "cvec:original": "a file",
    "cvec:students_file": "a file",
    "cvec_desk:sharing_step": "a POST that comes back",
    "cvec_desk:share_letter": "a PDF",
    "cvec:share_letter": "a PDF",
    "cvec:end_key": "a POST, then the keys",
    "cvec_desk:affiliation": "a POST, then the list",
    "cvec:request_step": "a POST, then the page of the request",
    "api:students_in_order": "JSON",
    "healthz": "a word for machines",
    "portal:preferences": "a POST that comes back",
    "portal:communes": "JSON for a field",
    "look:towns": "JSON for a field",
    "account_email_keep": "a POST that comes back",
    "mfa_index": "the same page as account_home",
    "mfa_download_recovery_codes": "a file to keep",
    "mfa_login_webauthn": "JSON for the browser’s key",
    "cvec:cash": "a POST that leads to the notice",
    "cash:pdf": "a PDF",
    "cash:cancel": "a POST that comes back",
    "cash_api:return_file": "the bank’s door",
    "desk:cash_move": "a POST that comes back",
    "desk:cash_state": "JSON for an open page",
    "pay:go": "a POST; its page is in the journey",
    "pay:back": "notes the return and goes on",
    "pay:state": "JSON for a waiting page",
    "pay:link_new": "a POST that leads to the link",
    "pay:link_cancel": "a POST that comes back",
    "pay:link_mail": "a POST that comes back",
    "pay:link_state": "JSON for an open page",
    "pay:payer_cut": "the same page as a dead link",
    "pay:payer_go": "a POST; its page is in the journey",
    "pay:payer_state": "JSON for a waiting page",
    "pay:payer_receipt": "who paid alone has one: it is in the journey",
    "pay:payer_mail": "a POST that comes back",
    "pay:payer_back": "notes the return and goes on",
    "documents:document": "a PDF",
    "documents:paper": "leads to a file",
    "documents:preview": "leads to a picture",
    "documents:file": "a file",
    "documents:replace": "a POST that comes back",
    "documents:withdraw": "a POST that comes back",
    "payments_api:lyra": "the bank’s door",
    "payments_api:stripe": "the bank’s door",
    "payments_api:payfip": "the bank’s door",
    "messages_api:report": "the door of who carries our mails",
    "portal:trust_address": "a POST that comes back",
    "desk:message_again": "a POST that comes back",
    "api:openapi-json": "a description for machines",
    "api:api-root": "no page",
    "api:attestation": "JSON",
    "api:attestation_missing": "JSON",
    "api:attestation_of_year": "JSON",
    "api:attestation_of_year_missing": "JSON",
    "payouts:freeze_own": "a POST that comes back",
    "desk:payout_do": "a POST that comes back",
    "desk:treasury_file_state": "JSON for an open page",
    "desk:treasury_decide": "a POST that comes back",
    "desk:treasury_export": "a file",
    "desk:refund_transfer": "a POST that comes back",
    "desk:payout_prepare": "a POST that leads to the run",
    "desk:payout_hand_in": "a POST that comes back",
    "desk:payout_run_do": "a POST that comes back, or a file",
    "desk:open": "a POST that goes on to the file",
    "desk:communes": "JSON for a field",
    "desk:role_end": "a POST that comes back",
    "desk:shelf_withdraw": "a POST that comes back",
    "cvec:communes": "JSON for a field",
    "cvec:pay": "a POST that goes on to the bank",
    "demo:codes": "JSON for a page",
    "demo:attachment": "a file",
    "demo:html": "a mail, in a frame of demo:mail; tests/browser/test_mails.py looks at each",
}
"""Routes that show no page, each with its reason."""
