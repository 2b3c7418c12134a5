"""The HTTP side: one small server, threads, no framework."""

import json
import logging
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

from bank import counter, pages, rest, statement_pages
from bank.book import HOUSES, Book, Payment
from bank.control import Control
from bank.notices import Postman
from bank.payfip import WSDL, PayFip
from bank.postoffice import PostOffice
from bank.settings import Settings
from bank.statements import Statements
from bank.stripe import Stripe
from bank.teller import Refused, Teller
from bank.transfers import BIGGEST as BIGGEST_TRANSFERS
from bank.transfers import Transfers

log = logging.getLogger("bank")
BIGGEST = 64 * 1024
STYLE = (Path(__file__).parent / "style.css").read_bytes()
SIDES = (("/vads-payment", "lyra"), ("/api-payment", "lyra"), ("/v1/", "stripe"), ("/tpa/", "payfip"))
"""Which house a path belongs to; a card page belongs to the house of its payment."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What to answer. ``to``: a redirection."""

    body: bytes = b""
    status: int = 200
    kind: str = "text/html; charset=utf-8"
    to: str = ""


class Bank:
    """Everything that the bank is made of, and its routes."""

    def __init__(self, settings: Settings) -> None:
        """Open the book; nothing runs before ``start``."""
        self.settings = settings
        self.book = Book(settings)
        self.teller = Teller(self.book, settings)
        self.postman = Postman(self.book, settings)
        self.control = Control(self.book, self.teller, self.postman)
        handler = type("Handler", (_Handler,), {"bank": self})
        self.server = _Server(("127.0.0.1", settings.port), handler)
        self.stripe = Stripe(self.book, self.teller, settings, self.url)
        self.payfip = PayFip(self.book, self.teller, settings)
        self.transfers = Transfers(self.book, settings.transfer_credentials)
        self.post_office = PostOffice(self.book, settings)
        self.statements = Statements(self.book, settings)
        self.control.deeds |= self.post_office.deeds | self.statements.deeds
        self.postman.writers |= {
            "stripe": self.stripe.letter,
            "payfip": lambda payment, kind, _source: self.payfip.letter(payment, kind),
        }
        self.routes: list[tuple[str, str, Callable[..., Reply]]] = [
            ("GET", r"/", self.home),
            ("GET", r"/style\.css", self.style),
            ("GET", r"/healthz", self.healthz),
            ("POST", r"/payments/(\d+)/resend", self.resend),
            ("POST", r"/vads-payment/", self.receive),
            ("GET", r"/pay/([\w-]+)", self.show),
            ("POST", r"/pay/([\w-]+)/card", self.card),
            ("POST", r"/pay/([\w-]+)/code", self.code),
            ("POST", r"/pay/([\w-]+)/debit", self.debit),
            ("POST", r"/pay/([\w-]+)/abandon", self.abandon),
            ("POST", r"/houses/(\w+)/down", self.down),
            ("GET", r"/v1/([\w/-]+)", self.stripe_call),
            ("POST", r"/v1/([\w/-]+)", self.stripe_call),
            ("GET", r"/tpa/services/securite", self.wsdl),
            ("POST", r"/tpa/services/securite", self.soap),
            ("GET", r"/tpa/paiementws\.web", self.payfip_page),
            ("POST", r"/api-payment/V4/(\w+/\w+)", self.api),
            ("POST", r"/sepa/transfers", self.sepa),
            ("GET", r"/sepa/answers", self.sepa),
            ("GET", r"/post-office(/?.*)", self.counter),
            ("POST", r"/post-office(/?.*)", self.counter),
            ("GET", r"/statements(/?.*)", self.accounts),
            ("POST", r"/statements(/?.*)", self.accounts),
            ("POST", r"/control/(\w+)", self.deed),
        ]

    @property
    def url(self) -> str:
        """Where it answers (port 0 in the settings means any free one)."""
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def serve(self) -> None:
        """Answer until ``stop``."""
        self.postman.start()
        self.server.serve_forever(poll_interval=0.2)

    def stop(self) -> None:
        """Close the door, then finish the letters under way."""
        self.server.shutdown()
        self.server.server_close()
        self.postman.stop()

    def answer(self, request: "Request") -> Reply:
        """Find the route. An outage closes everything of a house but the control side and the list."""
        house = self._house(request.path)
        if house and self.teller.is_down(house):
            return Reply(pages.fault_page(request.language, "down"), HTTPStatus.SERVICE_UNAVAILABLE)
        if request.method == "POST" and not request.is_allowed:
            return Reply(b"other origin", HTTPStatus.FORBIDDEN, "text/plain")
        for method, pattern, view in self.routes:
            found = re.fullmatch(pattern, request.path)
            if found and method == request.method:
                try:
                    return view(request, *found.groups())
                except Refused as refused:
                    status = HTTPStatus.NOT_FOUND if refused.code == "unknown" else HTTPStatus.BAD_REQUEST
                    return Reply(pages.fault_page(request.language, refused.code, refused.fields), status)
        return Reply(pages.fault_page(request.language, "unknown"), HTTPStatus.NOT_FOUND)

    def home(self, request: "Request") -> Reply:
        """The list of payments."""
        return Reply(pages.list_page(self.book, request.language, {name: self.teller.is_down(name) for name in HOUSES}))

    def style(self, _request: "Request") -> Reply:
        """The style sheet."""
        return Reply(STYLE, kind="text/css; charset=utf-8")

    def sepa(self, request: "Request") -> Reply:
        """The desk of credit transfers: a file comes in, answers go out."""
        said, status = self.transfers.handle(request.path, request.headers, request.query, request.body)
        return Reply(rest.dump(said), status, "application/json")

    def counter(self, request: "Request", path: str) -> Reply:
        """The demonstration post office."""
        form = request.form if request.method == "POST" else None
        said = counter.handle(self.post_office, path, form, request.language)
        return Reply(said.body, said.status, said.kind, said.to)

    def accounts(self, request: "Request", path: str) -> Reply:
        """The statements and settlements of the accounts."""
        form = request.form if request.method == "POST" else None
        said = statement_pages.handle(self.statements, path, form, request.language)
        return Reply(said.body, kind=said.kind, to=said.to)

    def healthz(self, _request: "Request") -> Reply:
        """Say that the process answers."""
        return Reply(b"ok", kind="text/plain")

    def resend(self, request: "Request", payment_id: str) -> Reply:
        """Send notices again, from the list."""
        times, _, kind = request.form.get("what", "1:right").partition(":")
        kind = kind if kind in {"right", "forged"} else "right"
        self.teller.send_again(int(payment_id), times=min(int(times), 20), kind=kind)
        self.postman.deliver_now(int(payment_id))
        return Reply(to="/")

    def receive(self, request: "Request") -> Reply:
        """The shop's form comes in."""
        payment = self.teller.receive(request.form)
        lang = request.form.get("vads_language", "")
        suffix = f"?lang={lang}" if lang in {"fr", "en"} else ""
        if payment.is_finished:
            return Reply(pages.end_page(payment, lang or request.language, already=True))
        return Reply(to=f"/pay/{payment.token}{suffix}")

    def show(self, request: "Request", token: str) -> Reply:
        """Where this payment stands."""
        self.teller.expire_old()
        payment = self._payment(token)
        if payment.state == "open":
            error = f"refused_{payment.refusal}" if payment.refusal else ""
            chosen = request.query.get("card", "")
            return Reply(pages.card_page(payment, request.language, chosen=chosen, error=error))
        if payment.state == "challenge":
            return Reply(pages.code_page(payment, request.language))
        return self._end(payment, request)

    def card(self, request: "Request", token: str) -> Reply:
        """A card is tried."""
        typed = request.form.get("number", "")
        try:
            return self._after(self.teller.try_card(token, typed), request)
        except Refused as refused:
            if refused.code == "outage":
                return Reply(pages.fault_page(request.language, "down"), HTTPStatus.SERVICE_UNAVAILABLE)
            if refused.code != "card":
                raise
            shown = pages.card_page(self._payment(token), request.language, chosen=typed, error="bad_card")
            return Reply(shown, HTTPStatus.UNPROCESSABLE_ENTITY)

    def code(self, request: "Request", token: str) -> Reply:
        """The cardholder typed the code."""
        try:
            return self._after(self.teller.answer_code(token, request.form.get("code", "")), request)
        except Refused as refused:
            if refused.code != "code":
                raise
            shown = pages.code_page(self._payment(token), request.language, error="bad_code")
            return Reply(shown, HTTPStatus.UNPROCESSABLE_ENTITY)

    def debit(self, request: "Request", token: str) -> Reply:
        """The account is chosen instead of a card."""
        return self._after(self.teller.take_from_account(token), request)

    def abandon(self, request: "Request", token: str) -> Reply:
        """The cardholder gives up."""
        return self._after(self.teller.abandon(token), request)

    def api(self, request: "Request", service: str) -> Reply:
        """The shop's server asks."""
        if not rest.is_known(request.headers.get("Authorization", ""), self.settings):
            return Reply(rest.dump({"status": "ERROR"}), HTTPStatus.UNAUTHORIZED, "application/json")
        said = rest.answer(service, request.json, self.book, self.teller)
        return Reply(rest.dump(said), kind="application/json")

    def stripe_call(self, request: "Request", path: str) -> Reply:
        """The shop's server asks Stripe."""
        if not self.stripe.is_known(request.headers.get("Authorization", "")):
            return Reply(
                rest.dump({"error": {"type": "invalid_request_error"}}), HTTPStatus.UNAUTHORIZED, "application/json"
            )
        fields = request.form if request.method == "POST" else request.query
        status, said = self.stripe.answer(request.method, path, fields, request.headers.get("Idempotency-Key", ""))
        return Reply(rest.dump(said), status, "application/json")

    def wsdl(self, _request: "Request") -> Reply:
        """The contract of PayFiP's service."""
        return Reply(WSDL, kind="text/xml; charset=utf-8")

    def soap(self, request: "Request") -> Reply:
        """The shop's server asks PayFiP."""
        status, said = self.payfip.answer(request.body)
        return Reply(said, status, "text/xml; charset=utf-8")

    def payfip_page(self, request: "Request") -> Reply:
        """An operation is opened, a quarter of an hour at most after its making."""
        self.teller.expire_old()
        payment = self.book.payment(house="payfip", trans_id=request.query.get("idop", ""))
        if payment is None or payment.state == "expired":
            raise Refused("unknown")
        return Reply(to=f"/pay/{payment.token}?lang={request.language}")

    def down(self, request: "Request", house: str) -> Reply:
        """Take a house out of service, or back, from the list."""
        if house not in HOUSES:
            raise Refused("unknown")
        seconds = request.form.get("seconds", "0")
        self.teller.go_down(min(float(seconds), 3600.0) if seconds.isdecimal() else 0.0, house)
        return Reply(to="/")

    def deed(self, request: "Request", name: str) -> Reply:
        """The control side."""
        try:
            said, status = self.control.handle(name, request.json), HTTPStatus.OK
        except (KeyError, TypeError, ValueError) as error:
            said, status = {"error": repr(error)}, HTTPStatus.BAD_REQUEST
        except Refused as refused:
            said, status = {"error": refused.code, "fields": refused.fields}, HTTPStatus.CONFLICT
        return Reply(rest.dump(said), status, "application/json")

    def _house(self, path: str) -> str:
        if found := re.match(r"/pay/([\w-]+)", path):
            payment = self.book.payment(token=found[1])
            return payment.house if payment else ""
        return next((house for start, house in SIDES if path.startswith(start)), "")

    def _payment(self, token: str) -> Payment:
        payment = self.book.payment(token=token)
        if payment is None:
            raise Refused("unknown")
        return payment

    def _after(self, payment: Payment, request: "Request") -> Reply:
        """Tell the server what is due at once, then move the browser on."""
        if payment.is_finished:
            self.postman.deliver_now(payment.id)
            return self._end(payment, request)
        return Reply(to=f"/pay/{payment.token}?lang={request.language}")

    def _end(self, payment: Payment, request: "Request") -> Reply:
        """Go back to the shop at once when it asked for that (time-out 0), else show how it ended."""
        url, _fields, method = pages.way_back(payment)
        which = "success" if payment.state in {"authorised", "waiting"} else "error"
        at_once = payment.house != "lyra" or payment.sent.get(f"vads_redirect_{which}_timeout") == "0"
        if url and method == "GET" and at_once:
            return Reply(to=url)
        return Reply(pages.end_page(payment, request.language, already=False))


@dataclass(frozen=True, slots=True)
class Request:
    """What came in, already read."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        """The fields of a form; of a repeated one, the last."""
        return dict(parse_qsl(self.body.decode(errors="replace"), keep_blank_values=True))

    @property
    def json(self) -> dict[str, Any]:
        """A JSON object. Raises ``ValueError`` when it is none."""
        said = json.loads(self.body or b"{}")
        if not isinstance(said, dict):
            msg = "an object is wanted"
            raise TypeError(msg)
        return said

    @property
    def language(self) -> str:
        """French unless English was asked for."""
        wanted = self.query.get("lang") or self.headers.get("Accept-Language", "")[:2]
        return "en" if wanted == "en" else "fr"

    @property
    def is_allowed(self) -> bool:
        """Whether a browser may post this from where it stands: only the shop's form comes from another site."""
        origin = self.headers.get("Origin", "")
        return self.path == "/vads-payment/" or not origin or urlsplit(origin).netloc == self.headers.get("Host", "")


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    allow_reuse_address = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a caller who left before the answer; tell anything else."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    """Reads a request, asks the bank, writes the reply."""

    bank: Bank
    protocol_version = "HTTP/1.1"
    timeout = 30

    def do_GET(self) -> None:
        """Read."""
        self._answer(b"")

    def do_POST(self) -> None:
        """Read the body first, whatever happens: the connection is kept."""
        size = int(self.headers.get("Content-Length") or 0)
        if size > (BIGGEST_TRANSFERS if self.path == "/sepa/transfers" else BIGGEST):
            self.close_connection = True
            self._write(Reply(b"too long", HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "text/plain"))
            return
        self._answer(self.rfile.read(size))

    def _answer(self, body: bytes) -> None:
        parts = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        headers = {name.title(): value for name, value in self.headers.items()}
        request = Request(self.command, parts.path, query, headers, body)
        try:
            reply = self.bank.answer(request)
        except Exception:
            log.exception("broken request")
            reply = Reply(b"broken", HTTPStatus.INTERNAL_SERVER_ERROR, "text/plain")
        self._write(reply)

    def _write(self, reply: Reply) -> None:
        self.send_response(HTTPStatus.SEE_OTHER if reply.to else reply.status)
        if reply.to:
            self.send_header("Location", reply.to)
        self.send_header("Content-Type", reply.kind)
        self.send_header("Content-Length", str(len(reply.body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header(
            "Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'"
        )
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "same-origin")
        self.end_headers()
        self.wfile.write(reply.body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name that http.server gives
        """Say nothing: the list of payments is the log."""
