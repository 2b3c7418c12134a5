"""Every address of the platform, by the name of its route, and what the tests need to open it.

``ROUTES`` is written by hand and held to the URL resolver: a new route without a line here fails the tests.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import get_resolver, reverse
from django.urls.resolvers import URLPattern, URLResolver

from messervices.foundations.documents.tests.factories import grant_of
from messervices.foundations.notifications.selectors import stop_token
from tests.world import YEAR, Side, World
from tests.world_lists import daughter_at, demand_at, file_of, share_at, sharing
from tests.world_requests import request_at

Args = Callable[[World, Side], tuple[Any, ...]]

EVERYBODY = frozenset({"student", "agent", "national", "establishment", "anonymous"})
STUDENT = frozenset({"student"})
PAYER = frozenset({"payer"})
"""A student who has begun to pay."""

AGENTS = frozenset({"agent", "national"})
NATIONAL = frozenset({"national"})
ESTABLISHMENT = frozenset({"establishment"})
UVSQ = "0781944P"
SIGNED_IN = EVERYBODY - {"anonymous"}
NOBODY: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Route:
    """One route.

    ``readers``: kinds of identities that may open their own. ``args``: what it names, of a side; ``fixed``: what it
    names that is nobody's. ``shows``: an own page holds marks of the reader's side (else an empty page could pass for a
    tight one). ``post``: it takes only a POST, with these fields. ``query`` is added to the address.
    """

    readers: frozenset[str]
    args: Args | None = None
    shows: bool = False
    query: str = ""
    post: dict[str, str] | None = None
    fixed: tuple[Any, ...] = ()

    def address(self, name: str, world: World, side: Side) -> str:
        """The path for what belongs to a side."""
        return reverse(name, args=self.args(world, side) if self.args else self.fixed) + self.query


def _person(_world: World, side: Side) -> tuple[Any, ...]:
    return (side.paid.uuid,)


def _order(_world: World, side: Side) -> tuple[Any, ...]:
    return (side.begun.order.uuid,)


def _paid_order(_world: World, side: Side) -> tuple[Any, ...]:
    return (side.order.uuid,)


def _mismatch(_world: World, side: Side) -> tuple[Any, ...]:
    return (side.money.mismatch.pk,)


def _entry(_world: World, side: Side) -> tuple[Any, ...]:
    return ("entry", side.money.entry.pk)


def _announcement(_world: World, side: Side) -> tuple[Any, ...]:
    return ("announcements", side.announcement.pk)


def _cash_notice(_world: World, side: Side) -> tuple[Any, ...]:
    return (side.cash_line.notice.uuid,)


def _cash_file(_world: World, side: Side) -> tuple[Any, ...]:
    return (side.cash_line.file_id,)


PUBLIC = Route(EVERYBODY)
ENTRANCE = Route(EVERYBODY)
OWN = Route(STUDENT, shows=True)

ROUTES: dict[str, Route] = {
    "healthz": PUBLIC,
    # The portal
    "portal:home": Route(EVERYBODY - AGENTS),
    "portal:services": PUBLIC,
    "portal:search": Route(EVERYBODY, query="?q=cvec"),
    "portal:preferences": Route(EVERYBODY, post={"language": "fr"}),
    "portal:me": OWN,
    "portal:identity": OWN,
    "portal:disputed_ine": Route(STUDENT),
    "portal:communes": Route(EVERYBODY, query="?q=versa"),
    "portal:history": OWN,
    "portal:reads": OWN,
    "portal:messages": OWN,
    "portal:message": Route(STUDENT, lambda _w, s: (s.message.pk,), shows=True),
    "portal:contact": OWN,
    "portal:trust_address": Route(STUDENT, post={}),
    # A link of a mail: the signed token is the right to stop mails, and says nobody's name
    "messages:stop": Route(EVERYBODY, lambda _w, s: (stop_token(s.paid.pk, "follow_up"),)),
    "portal:help": PUBLIC,
    "portal:fraud": PUBLIC,
    "portal:accessibility": PUBLIC,
    "portal:data": PUBLIC,
    "portal:legal": PUBLIC,
    "portal:status": PUBLIC,
    "look:design": PUBLIC,
    "look:towns": Route(EVERYBODY, query="?q=saint"),
    # Accounts: each page is about whoever opens it, or about a secret in its address
    "account_home": Route(SIGNED_IN, shows=True),
    "account_login": ENTRANCE,
    "account_logout": ENTRANCE,
    "account_inactive": ENTRANCE,
    "account_signup": ENTRANCE,
    "account_signup_by_passkey": ENTRANCE,
    "account_email_verification_sent": ENTRANCE,
    "account_confirm_email": Route(NOBODY, fixed=("none",)),
    "account_reauthenticate": Route(SIGNED_IN),
    "account_change_password": Route(SIGNED_IN),
    "account_set_password": Route(SIGNED_IN),
    "account_reset_password": ENTRANCE,
    "account_reset_password_done": ENTRANCE,
    "account_reset_password_from_key_done": ENTRANCE,
    "account_reset_password_from_key": Route(EVERYBODY, fixed=("1", "none")),
    "account_email": Route(SIGNED_IN),
    "account_email_keep": Route(SIGNED_IN, post={}),
    "account_email_confirm": Route(NOBODY, fixed=("none",)),
    "account_sessions": Route(SIGNED_IN),
    "mfa_index": Route(SIGNED_IN, shows=True),
    "mfa_authenticate": Route(NOBODY),
    "mfa_reauthenticate": Route(SIGNED_IN),
    "mfa_activate_totp": Route(SIGNED_IN),
    "mfa_deactivate_totp": Route(SIGNED_IN),
    "mfa_view_recovery_codes": Route(SIGNED_IN),
    "mfa_generate_recovery_codes": Route(SIGNED_IN),
    "mfa_download_recovery_codes": Route(SIGNED_IN),
    "mfa_list_webauthn": Route(SIGNED_IN),
    "mfa_add_webauthn": Route(SIGNED_IN),
    "mfa_login_webauthn": ENTRANCE,
    "mfa_reauthenticate_webauthn": Route(SIGNED_IN),
    "mfa_remove_webauthn": Route(NOBODY, lambda w, _s: (w.passkey.pk,)),
    "mfa_edit_webauthn": Route(NOBODY, lambda w, _s: (w.passkey.pk,)),
    # Payments and papers
    "pay:show": Route(PAYER, _order, shows=True),
    "pay:go": Route(PAYER, _order, post={}),
    "pay:back": Route(PAYER, _order),
    "pay:state": Route(PAYER, _order, query="?shown=begun"),
    "pay:link": Route(PAYER, _order, shows=True),
    "pay:link_new": Route(STUDENT, _paid_order, post={}),
    "pay:link_cancel": Route(STUDENT, _paid_order, post={}),
    "pay:link_mail": Route(STUDENT, _paid_order, post={"to": "a@example.org", "language": "fr"}),
    "pay:link_state": Route(PAYER, _order, query="?shown=none"),
    # A payer's link shows a first name to whoever holds its secret (its own tests say what it never shows)
    "pay:payer": Route(NOBODY, fixed=("none",)),
    "pay:payer_cut": Route(NOBODY),
    "pay:payer_go": Route(NOBODY, fixed=("none",), post={}),
    "pay:payer_refuse": Route(NOBODY, fixed=("none",), post={"word": ""}),
    "pay:payer_state": Route(NOBODY, fixed=("none",)),
    "pay:payer_receipt": Route(NOBODY, fixed=("none",)),
    "pay:payer_mail": Route(NOBODY, fixed=("none",), post={"to": "a@example.org"}),
    "pay:payer_back": Route(NOBODY, lambda _w, s: (s.order.uuid,)),
    "documents:document": Route(STUDENT | AGENTS, lambda _w, s: (s.document.uuid,)),
    "documents:paper": Route(STUDENT | AGENTS, lambda _w, s: (s.paper.uuid,)),
    "documents:preview": Route(NOBODY, lambda _w, s: (s.paper.uuid,)),
    "documents:file": Route(NOBODY, fixed=("none",)),
    "documents:uploads": Route(STUDENT, lambda _w, s: (grant_of(s.paper),), shows=True),
    "documents:replace": Route(STUDENT, lambda _w, s: (grant_of(s.paper), s.paper.upload.uuid), post={}),
    "documents:withdraw": Route(STUDENT, lambda _w, s: (grant_of(s.paper), s.paper.upload.uuid), post={}),
    "payouts:payouts": Route(STUDENT, shows=True),
    "payouts:details": Route(SIGNED_IN),
    "payouts:freeze_own": Route(STUDENT, post={}),
    "payouts:freeze": Route(NOBODY, fixed=("none",)),
    # The API: a certificate is told to who knows its number and the first letters of the name; here, to nobody
    "payments_api:lyra": Route(NOBODY, post={"vads_site_id": "0"}),
    "payments_api:stripe": Route(NOBODY, post={"type": "none"}),
    "payments_api:payfip": Route(NOBODY, post={"none": "none"}),
    "messages_api:report": Route(NOBODY, post={"id": "0"}),
    "api:openapi-json": PUBLIC,
    "api:api-root": Route(NOBODY),
    "api:attestation": Route(NOBODY, lambda _w, s: (s.document.number,), query="?etudiant=XXXXX"),
    "api:attestation_missing": Route(NOBODY),
    "api:attestation_of_year": Route(NOBODY, lambda _w, s: (2026, s.document.number), query="?etudiant=XXXXX"),
    "api:attestation_of_year_missing": Route(NOBODY, fixed=(2026,)),
    # The desk
    "desk:home": Route(AGENTS, shows=True),
    "desk:me": Route(AGENTS, shows=True),
    "desk:search": Route(AGENTS),
    "desk:file": Route(AGENTS, _person, shows=True),
    "desk:open": Route(AGENTS, _person, post={"reason": "payment"}),
    "desk:file_facts": Route(AGENTS, _person, shows=True),
    "desk:file_payments": Route(AGENTS, _person, shows=True),
    "desk:file_papers": Route(AGENTS, _person, shows=True),
    "desk:file_messages": Route(AGENTS, _person, shows=True),
    "desk:message_again": Route(AGENTS, lambda _w, s: (s.paid.uuid, s.message.pk), post={}),
    "desk:file_timeline": Route(AGENTS, _person, shows=True),
    "desk:file_reads": Route(AGENTS, _person, shows=True),
    "desk:correct": Route(AGENTS, lambda _w, s: (s.paid.uuid, "birth_name"), shows=True),
    "desk:communes": Route(AGENTS, query="?q=versa"),
    "desk:bank": Route(AGENTS, shows=True),
    "desk:event": Route(AGENTS, lambda _w, s: (s.event.pk,), shows=True),
    "desk:refund_transfer": Route(AGENTS, lambda _w, s: (s.refund.pk,), post={}),
    "desk:refund": Route(AGENTS, lambda _w, s: (s.refund.pk,), shows=True),
    "desk:cash": Route(AGENTS, shows=True),
    "desk:cash_line": Route(AGENTS, lambda _w, s: (s.cash_line.pk,), shows=True),
    "desk:cash_files": Route(AGENTS, shows=True),
    "desk:cash_file": Route(AGENTS, _cash_file, shows=True),
    "desk:cash_move": Route(AGENTS, _cash_file, post={"step": "stop"}),
    "desk:cash_state": Route(AGENTS, _cash_file),
    "desk:payouts": Route(AGENTS, shows=True),
    "desk:payout": Route(AGENTS, lambda _w, s: (s.payout.uuid,), shows=True),
    "desk:payout_do": Route(AGENTS, lambda _w, s: (s.payout.uuid, "refuse"), post={"reason": "Montant à revoir."}),
    "desk:payout_prepare": Route(AGENTS, post={"crous": "26"}),
    "desk:payout_hand_in": Route(AGENTS, post={}),
    "desk:payout_answer": Route(AGENTS, lambda _w, s: (s.bank_answer.pk,), shows=True),
    "desk:payout_run": Route(AGENTS, lambda _w, s: (s.run.pk,), shows=True),
    "desk:payout_run_do": Route(AGENTS, lambda _w, s: (s.run.pk, "drop"), post={"reason": "Lot à refaire."}),
    "desk:treasury": Route(AGENTS, shows=True),
    "desk:treasury_files": Route(AGENTS, shows=True),
    "desk:treasury_file": Route(AGENTS, lambda _w, s: (s.money.file.uuid,), shows=True),
    "desk:treasury_file_state": Route(AGENTS, lambda _w, s: (s.money.file.uuid,)),
    "desk:treasury_statement": Route(AGENTS, lambda _w, s: (s.money.entry.statement_id,), shows=True),
    "desk:treasury_settlement": Route(AGENTS, lambda _w, s: (s.money.settlement.pk,), shows=True),
    "desk:treasury_mismatches": Route(AGENTS),
    "desk:treasury_mismatch": Route(AGENTS, _mismatch, shows=True),
    "desk:treasury_decide": Route(AGENTS, _mismatch, post={"step": "withdraw", "reason": "Non."}),
    "desk:treasury_sheet": Route(AGENTS),
    "desk:treasury_period": Route(AGENTS),
    "desk:treasury_transits": Route(AGENTS, shows=True, query="?account=suspense&rail="),
    "desk:treasury_books": Route(AGENTS, shows=True),
    "desk:treasury_follow": Route(AGENTS, _entry, shows=True),
    "desk:treasury_accounts": Route(AGENTS, shows=True),
    "desk:treasury_account_new": Route(AGENTS),
    "desk:treasury_account": Route(AGENTS, lambda _w, s: (s.money.entry.account_id,), shows=True),
    "desk:treasury_contract": Route(AGENTS),
    "desk:treasury_export": Route(AGENTS, fixed=("entries", "csv"), shows=True),
    "desk:network": Route(NATIONAL),
    "desk:announcements": Route(AGENTS, shows=True),
    "desk:agents": Route(NATIONAL),
    "desk:agent": Route(NATIONAL, lambda _w, s: (s.agent.pk,)),
    "desk:role_end": Route(NATIONAL, lambda _w, s: (s.agent.pk, s.agent.roles.first().pk), post={"reason": "Départ"}),
    "desk:role_new": Route(NATIONAL),
    "desk:role": Route(NATIONAL, fixed=("adviser",)),
    "desk:shelf": Route(AGENTS, fixed=("announcements",), shows=True),
    "desk:shelf_new": Route(AGENTS, fixed=("announcements",)),
    "desk:shelf_row": Route(AGENTS, _announcement, shows=True),
    "desk:shelf_withdraw": Route(AGENTS, _announcement, post={"reason": "Finie"}),
    "desk:case": Route(AGENTS, lambda _w, s: (s.case.pk,), shows=True),
    "cvec_desk:acquittements": Route(AGENTS, shows=True),
    "cvec_desk:establishments": Route(AGENTS),
    "cvec_desk:registration": Route(AGENTS, lambda _w, s: (demand_at(s.crous_id),), shows=True),
    "cvec_desk:affiliation": Route(AGENTS, lambda _w, s: (daughter_at(s.crous_id),), post={"accept": "1"}),
    "cvec_desk:requests": Route(AGENTS, shows=True),
    "cvec_desk:request": Route(AGENTS, lambda _w, s: (request_at(s.crous_id),), shows=True),
    "cvec_desk:sharings": Route(AGENTS),
    "cvec_desk:sharing": Route(NATIONAL, lambda _w, _s: (sharing(),)),
    "cvec_desk:sharing_step": Route(NATIONAL, lambda _w, _s: (sharing(), "drop"), post={"reason": "Essai"}),
    "cvec_desk:share": Route(AGENTS, lambda _w, s: (share_at(s.crous_id),)),
    "cvec_desk:share_letter": Route(AGENTS, lambda _w, s: (share_at(s.crous_id),)),
    "cvec_desk:classes": Route(AGENTS),
    "cvec_desk:class": Route(AGENTS, fixed=(UVSQ,)),
    "cvec_desk:acquittement": Route(AGENTS, lambda _w, s: (s.file.pk,), shows=True),
    # Cash at the post office
    "cash:notice": Route(STUDENT, _cash_notice, shows=True),
    "cash:on_phone": Route(STUDENT, _cash_notice, shows=True),
    "cash:sheet": Route(STUDENT, _cash_notice, shows=True),
    "cash:pdf": Route(STUDENT, _cash_notice),
    "cash:cancel": Route(STUDENT, _cash_notice, post={}),
    "cash_api:return_file": Route(NOBODY, post={"unsigned": "1"}),
    # The CVEC
    "cvec:home": PUBLIC,
    "cvec:communes": Route(EVERYBODY, query="?q=lyon"),
    "cvec:verify": PUBLIC,
    "cvec:scan": Route(EVERYBODY, lambda _w, s: (s.document.number,)),
    "cvec:situation": Route(EVERYBODY, fixed=(YEAR,)),
    "cvec:city": Route(STUDENT, fixed=(YEAR,)),
    "cvec:summary": Route(STUDENT, fixed=(YEAR,)),
    "cvec:pay": Route(STUDENT, fixed=(YEAR,)),
    "cvec:cash": Route(STUDENT, fixed=(YEAR,)),
    "cvec:certificate": Route(STUDENT, fixed=(YEAR,), shows=True),
    "cvec:on_phone": Route(STUDENT, fixed=(YEAR,), shows=True),
    "cvec:receipt": Route(STUDENT, fixed=(YEAR,), shows=True),
    "cvec:refund": Route(STUDENT, fixed=(YEAR,)),
    "cvec:exemption": Route(STUDENT, fixed=(YEAR,)),
    "cvec:request_step": Route(STUDENT, fixed=(YEAR, "exemption", "submit"), post={}),
    # An establishment's space: the referent's own list holds nobody of either side
    "cvec:schools": Route(EVERYBODY, query="?q=versailles"),
    "cvec:register": PUBLIC,
    "cvec:registered": PUBLIC,
    "cvec:nominee": Route(NOBODY, fixed=("none",)),
    "cvec:space": Route(ESTABLISHMENT),
    "cvec:space_home": Route(ESTABLISHMENT, fixed=(UVSQ,)),
    "cvec:rolls": Route(ESTABLISHMENT, fixed=(UVSQ,)),
    "cvec:rolls_of": Route(ESTABLISHMENT, fixed=(UVSQ, YEAR)),
    "cvec:roll_file": Route(ESTABLISHMENT, lambda _w, _s: (UVSQ, file_of(UVSQ))),
    "cvec:roll_state": Route(ESTABLISHMENT, lambda _w, _s: (UVSQ, file_of(UVSQ)), query="?shown=none"),
    "cvec:refused": Route(ESTABLISHMENT, lambda _w, _s: (UVSQ, file_of(UVSQ))),
    "cvec:original": Route(ESTABLISHMENT, lambda _w, _s: (UVSQ, file_of(UVSQ))),
    "cvec:roll_step": Route(ESTABLISHMENT, lambda _w, _s: (UVSQ, file_of(UVSQ), "again"), post={}),
    "cvec:students": Route(ESTABLISHMENT, fixed=(UVSQ,)),
    "cvec:students_of": Route(ESTABLISHMENT, fixed=(UVSQ, YEAR)),
    "cvec:students_file": Route(ESTABLISHMENT, fixed=(UVSQ, YEAR)),
    "cvec:shares": Route(ESTABLISHMENT, fixed=(UVSQ,)),
    "cvec:share_letter": Route(ESTABLISHMENT, lambda _w, _s: (UVSQ, share_at(26))),
    "cvec:daughters": Route(ESTABLISHMENT, fixed=(UVSQ,)),
    "cvec:keys": Route(ESTABLISHMENT, fixed=(UVSQ,)),
    "cvec:end_key": Route(ESTABLISHMENT, fixed=(UVSQ, 1), post={}),
    "api:students_in_order": Route(ESTABLISHMENT, fixed=(UVSQ,)),
    # The demonstration: its people are invented, and its mailbox is open to all
    "demo:home": PUBLIC,
    "demo:codes": PUBLIC,
    "demo:mails": PUBLIC,
    "demo:mail": Route(NOBODY, fixed=("none",)),
    "demo:html": Route(NOBODY, fixed=("none",)),
    "demo:attachment": Route(NOBODY, fixed=("none", 0)),
}


def names_of_the_resolver() -> set[str]:
    """The name of every route there is, with its namespace; one without a name by its address."""
    return {name for name, _path in _walk(get_resolver())}


def _walk(resolver: URLResolver, path: str = "", spaces: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    for entry in resolver.url_patterns:
        here = path + str(entry.pattern)
        if isinstance(entry, URLPattern):
            yield ":".join((*spaces, entry.name)) if entry.name else f"/{here}", here
        else:
            yield from _walk(entry, here, (*spaces, entry.namespace) if entry.namespace else spaces)
