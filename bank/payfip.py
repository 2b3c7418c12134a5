"""PayFiP as a public body's server meets it: its SOAP service and its notice. The page is the bank's own.

``PaiementSecuriseService.wsdl`` beside this file is the contract, as the DGFiP publishes it, in one piece.
"""

import re
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlencode
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from bank.book import Book, Payment
from bank.settings import Settings
from bank.teller import Refused, Teller

HOUSE = "payfip"
WSDL = (Path(__file__).parent / "PaiementSecuriseService.wsdl").read_bytes()
NS = "http://securite.service.tpa.cp.finances.gouv.fr/services/mas_securite/contrat_paiement_securise/PaiementSecuriseService"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
PARIS = ZoneInfo("Europe/Paris")
LASTS = 15 * 60
CLEANED = 24 * 3600
"""Seconds after which an operation that came to nothing is forgotten."""

SHAPES = {
    # field, shape, fault when it does not fit
    "numcli": (r"\d{6}", "T1"),
    "exer": (r"\d{4}", "E1"),
    "refdet": (r"[A-Za-z0-9]{1,30}", "R1"),
    "objet": (r"[A-Za-z0-9 ]{0,100}", "O1"),
    "montant": (r"[1-9]\d{2,7}", "M1"),
    "mel": (r"(?=.{6,80}$)[^@\s]+@[^@\s]+", "L1"),
    "saisie": (r"[TXW]", "S1"),
    "urlnotif": (r"https?://\S{1,250}", "U1"),
    "urlredirect": (r"https?://\S{1,250}", "U2"),
}
MOST_CENTS = 100_000_00
RESULTS = {"authorised": "P", "waiting": "P", "refused": "R", "abandoned": "A"}


class PayFip:
    """Answers the service; faults are answers too, with status 500 as SOAP wants it."""

    def __init__(self, book: Book, teller: Teller, settings: Settings) -> None:
        """Keep the book."""
        self.book, self.teller, self.settings = book, teller, settings

    def answer(self, body: bytes) -> tuple[HTTPStatus, bytes]:
        """Answer one envelope."""
        try:
            tree = ET.fromstring(body)  # noqa: S314 - expat here expands no entity of its own, and only our platform calls
            asked = next(iter(tree.find(f"{{{SOAP}}}Body")))  # type: ignore[arg-type]  # what is no envelope is caught
            operation = asked.tag.removeprefix(f"{{{NS}}}")
            wanted = {one.tag: (one.text or "") for one in asked.find("arg0")}  # type: ignore[union-attr]  # as above
        except (ET.ParseError, StopIteration, TypeError):
            return HTTPStatus.INTERNAL_SERVER_ERROR, _fault("TechProtocolaireErreur", "A1", "message illisible")
        try:
            if operation == "creerPaiementSecurise":
                return HTTPStatus.OK, _reply(operation, {"idOp": self.create(wanted)})
            if operation == "recupererDetailPaiementSecurise":
                return HTTPStatus.OK, _reply(operation, self.detail(wanted.get("idOp", "")))
            if operation == "recupererDetailClient":
                return HTTPStatus.OK, _reply(operation, self.client(wanted.get("numCli", "")))
        except Refused as refused:
            said = ", ".join(refused.fields) or refused.code
            return HTTPStatus.INTERNAL_SERVER_ERROR, _fault("FonctionnelleErreur", refused.code, said)
        return HTTPStatus.INTERNAL_SERVER_ERROR, _fault("TechProtocolaireErreur", "A2", operation)

    def create(self, wanted: Mapping[str, str]) -> str:
        """Make an operation: another one each time it is asked, for PayFiP knows no keys."""
        for name, (shape, code) in SHAPES.items():
            if not re.fullmatch(shape, wanted.get(name, "")):
                raise Refused(code, [name])
        if wanted["numcli"] != self.settings.payfip_numcli:
            raise Refused("T1", ["numcli"])
        if int(wanted["montant"]) > MOST_CENTS:
            raise Refused("M1", ["montant"])
        ref = secrets.token_hex(16)
        ref = f"{ref[:8]}-{ref[8:12]}-{ref[12:16]}-{ref[16:20]}-{ref[20:]}"
        self.teller.open(
            HOUSE, site=wanted["numcli"], trans_id=ref, order_id=wanted["refdet"], amount=int(wanted["montant"]),
            form=dict(wanted), lasts=LASTS,
        )  # fmt: skip
        return ref

    def detail(self, ref: str) -> dict[str, str]:
        """Tell how an operation ended. Faults: P1 unknown or forgotten, P5 nothing has ended."""
        self.teller.expire_old()
        payment = self.book.payment(house=HOUSE, trans_id=ref)
        if payment is None or (payment.state == "expired" and self.book.now() > payment.opened_at + CLEANED):
            raise Refused("P1")
        if payment.state not in RESULTS or payment.state == "waiting":
            raise Refused("P5")
        at = datetime.fromtimestamp(payment.finished_at or payment.opened_at, UTC).astimezone(PARIS)
        by_debit = payment.card == "debit"
        result = RESULTS[payment.state]
        return {
            "dattrans": f"{at:%d%m%Y}",
            "exer": payment.sent["exer"],
            "heurtrans": f"{at:%H%M}",
            "idOp": ref,
            "mel": payment.sent["mel"],
            "montant": str(payment.taken or payment.amount),
            "numauto": "" if by_debit else f"{payment.id:06d}",
            "numcli": payment.site,
            "objet": payment.sent["objet"],
            "refdet": payment.order_id,
            "resultrans": {"P": "V", "R": "Z"}.get(result, result) if by_debit else result,
            "saisie": payment.sent["saisie"],
        }

    def client(self, number: str) -> dict[str, str]:
        """Tell who a public body is."""
        if number != self.settings.payfip_numcli:
            raise Refused("T1", ["numCli"])
        return {"libelleN1": "CROUS DE DEMONSTRATION", "libelleN2": "REGIE CVEC", "numcli": number}

    def letter(self, payment: Payment, kind: str) -> tuple[bytes, dict[str, str]]:
        """Write a notice: the operation's name and nothing else. A ``forged`` one names an operation that is none."""
        ref = "00000000-0000-0000-0000-000000000000" if kind == "forged" else payment.trans_id
        return urlencode({"idop": ref}).encode(), {"Content-Type": "application/x-www-form-urlencoded"}


def _envelope(inside: str) -> bytes:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><S:Envelope xmlns:S="{SOAP}"><S:Body>{inside}</S:Body></S:Envelope>'
    ).encode()


def _reply(operation: str, said: Mapping[str, str]) -> bytes:
    inside = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in said.items() if value)
    return _envelope(f'<ns2:{operation}Response xmlns:ns2="{NS}"><return>{inside}</return></ns2:{operation}Response>')


def _fault(kind: str, code: str, said: str) -> bytes:
    name = f"fr.gouv.finances.cp.tpa.webservice.exceptions.{kind}"
    inside = "".join(
        f"<{tag}>{escape(text)}</{tag}>"
        for tag, text in (("code", code), ("descriptif", said), ("libelle", said), ("severite", "2"))
    )
    return _envelope(
        f"<S:Fault><faultcode>S:Server</faultcode><faultstring>{name}</faultstring>"
        f'<detail><ns2:{kind} xmlns:ns2="{NS}">{inside}</ns2:{kind}></detail></S:Fault>'
    )
