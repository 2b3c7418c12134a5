"""PayFiP, the State's own way to be paid (DGFiP): a SOAP service to begin and to ask, a page at payfip.gouv.fr.

Its notice is not signed and only names an operation: it makes us ask. It gives nothing back.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from zoneinfo import ZoneInfo

from lxml import etree

from messervices.foundations.payments.providers import rail
from messervices.foundations.payments.providers.http import call, read_form
from messervices.foundations.payments.providers.rail import Answer, BankForm, Facts, GivenBack, Handover, Notice
from messervices.foundations.payments.rules import Outcome, Terms
from messervices.foundations.payments.states import Verdict
from messervices.kernel.errors import ProviderUnavailable

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
NS = "http://securite.service.tpa.cp.finances.gouv.fr/services/mas_securite/contrat_paiement_securise/PaiementSecuriseService"
PARIS = ZoneInfo("Europe/Paris")
TERMS = Terms(
    calls=True, door=timedelta(minutes=15), free=timedelta(minutes=20), life=timedelta(hours=2), gives_back=False,
    least_cents=1_00, most_cents=100_000_00,
)  # fmt: skip
"""An operation can be opened for a quarter of an hour; one begun at the last minute needs some more. After two hours
without an end there will be none."""

NOT_DONE, UNKNOWN = "P5", "P1"
_OUTCOMES = {
    "P": Outcome.PAID,  # by card
    "V": Outcome.PAID,  # by direct debit
    "R": Outcome.REFUSED,
    "Z": Outcome.REFUSED,
    "A": Outcome.ABANDONED,
}
_REF = re.compile(r"[0-9A-Za-z-]{1,80}")
_FIELD = re.compile(r"[A-Za-z_]{1,40}")
_MAIL = re.compile(r"(?=.{6,80}\Z)[!-?A-~]+@[!-?A-~]+")


class _Fault(Exception):  # noqa: N818 - read as a fact: PayFiP has found a fault
    """PayFiP answers that this cannot be done: ``code`` of its list."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class PayFip:
    """A public body at PayFiP. ``numcli`` is its number; ``saisie`` T (test), X (activation) or W (production)."""

    service_url: str
    page_url: str
    numcli: str
    saisie: str
    mail: str
    name: str = "payfip"
    receivable: str = "psp:payfip:receivable"
    terms: Terms = TERMS

    def begin(self, attempt: Handover) -> BankForm:
        """Make an operation. PayFiP knows no keys: begun twice there are two, and only the one we keep is shown.

        The receipt goes to the payer's address, or to ours when theirs is not one that PayFiP takes.
        """
        wanted = {
            "exer": str(attempt.begun_at.astimezone(PARIS).year),
            "mel": attempt.mail if _MAIL.fullmatch(attempt.mail) else self.mail,
            "montant": str(attempt.amount_cents), "numcli": self.numcli, "objet": plain(attempt.label),
            "refdet": refdet(attempt.number), "saisie": self.saisie, "urlnotif": attempt.notice_url,
            "urlredirect": attempt.back_url,
        }  # fmt: skip
        try:
            _raw, said = self._call("creerPaiementSecurise", wanted)
        except _Fault as fault:
            raise rail.BeginRefusedByBank(fault.code) from None
        ref = said.get("idOp", "")
        if not _REF.fullmatch(ref):
            raise ProviderUnavailable(self.name, "no operation")
        return BankForm(f"{self.page_url}?idop={ref}", {}, ref)

    def read(self, raw: bytes, signature: str, now: datetime) -> Notice:
        """Read which operation is spoken of; whoever sends it proves nothing."""
        ref = (read_form(raw, _FIELD) or {}).get("idop", "")
        return Notice(Verdict.HINT, ref=ref) if _REF.fullmatch(ref) else Notice(Verdict.UNREADABLE)

    def ask(self, attempt: Handover) -> Answer:
        """Ask how an operation ended. One that is not ended may be under way, or never be: its age tells."""
        try:
            raw, said = self._call("recupererDetailPaiementSecurise", {"idOp": attempt.rail_ref})
        except _Fault as fault:
            if fault.code in {NOT_DONE, UNKNOWN}:
                return Answer(fault.code.encode(), Facts(attempt.number, Outcome.NEVER_SEEN))
            raise ProviderUnavailable(self.name, fault.code) from None
        cents, outcome = said.get("montant", ""), _OUTCOMES.get(said.get("resultrans", ""), Outcome.UNCLEAR)
        ours = (refdet(attempt.number), self.numcli, attempt.rail_ref)
        if (said.get("refdet"), said.get("numcli"), said.get("idOp")) != ours or not re.fullmatch(r"[0-9]+", cents):
            outcome = Outcome.UNCLEAR
        return Answer(raw, Facts(
            attempt.number, outcome, int(cents) if re.fullmatch(r"[0-9]{1,9}", cents) else 0, "EUR", attempt.rail_ref,
            _instant(said.get("dattrans", ""), said.get("heurtrans", "")), said.get("resultrans", "")[:40],
        ))  # fmt: skip

    def close(self, attempt: Handover) -> bool:
        """Say no: an operation cannot be withdrawn."""
        return False

    def given_back(self, attempt: Handover, tx_id: str) -> GivenBack | None:
        """Say no: PayFiP gives nothing back."""
        return None

    def give_back(self, tx_id: str, amount_cents: int, key: str) -> GivenBack:
        """Raise ``RefundRefusedByBank``: the accountant gives back by a transfer."""
        raise rail.RefundRefusedByBank(rail.NO_WAY_BACK)

    def _call(self, operation: str, wanted: dict[str, str]) -> tuple[bytes, dict[str, str]]:
        envelope = etree.Element(f"{{{SOAP}}}Envelope", nsmap={"soapenv": SOAP, "tns": NS})
        asked = etree.SubElement(etree.SubElement(envelope, f"{{{SOAP}}}Body"), f"{{{NS}}}{operation}")
        argument = etree.SubElement(asked, "arg0")
        for name, value in wanted.items():
            etree.SubElement(argument, name).text = value
        body = etree.tostring(envelope, xml_declaration=True, encoding="UTF-8")
        headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'}
        status, raw = call(self.name, self.service_url, body, headers)
        try:
            tree = etree.fromstring(raw, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))
        except etree.XMLSyntaxError:
            raise ProviderUnavailable(self.name, str(status)) from None
        fault = tree.findtext(f"{{{SOAP}}}Body/{{{SOAP}}}Fault/detail/{{{NS}}}FonctionnelleErreur/code")
        if fault:
            raise _Fault(fault[:40])
        given = tree.find(f"{{{SOAP}}}Body/{{{NS}}}{operation}Response/return")
        if status != HTTPStatus.OK or given is None:
            raise ProviderUnavailable(self.name, str(status))
        return raw, {str(one.tag): (one.text or "").strip() for one in given}


def refdet(number: str) -> str:
    """Write an attempt's number as PayFiP takes it: thirty letters and digits at most."""
    return re.sub(r"[^0-9A-Za-z]", "", number)[:30]


def plain(text: str) -> str:
    """Write a label as PayFiP takes it: a hundred letters, digits and spaces at most, without accents."""
    bare = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^0-9A-Za-z]+", " ", bare).strip()[:100]


def _instant(day: str, hour: str) -> str:
    """Read a date and an hour of Paris; in the hour that autumn repeats, the first of both."""
    try:
        return datetime.strptime(f"{day} {hour}", "%d%m%Y %H%M").replace(tzinfo=PARIS).isoformat()
    except ValueError:
        return ""
