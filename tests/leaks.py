"""Canaries, and the scanner that looks for them where nobody's identity may ever stand."""

import io
import json
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote_plus

from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.http import HttpResponse
from django.test import Client

from messervices.config.logs import Careful, JsonFormatter
from messervices.foundations.accounts.sessions import SessionStore
from messervices.foundations.students.tests.factories import bea

NAME, FIRST_NAME, USUAL_NAME = "Zyxwquist", "Ozymandrine", "Vornhölm"
INE, IBAN = bea(777_777), "FR7630006000011234567890189"
E_MAIL, NEW_E_MAIL = "zyxw.canari@fuite.example", "nouveau.canari@fuite.example"
PASSWORD = "la phrase du canari jaune"
CANARIES = {
    "name": NAME, "first name": FIRST_NAME, "usual name": USUAL_NAME, "INE": INE, "IBAN": IBAN, "e-mail": E_MAIL,
    "new e-mail": NEW_E_MAIL, "password": PASSWORD,
}  # fmt: skip
_ADDRESSES = re.compile(r"""(?:href|src|action|content)="([^"]*)\"""")


def found_in(place: str, text: str, *, spared: tuple[str, ...] = ()) -> list[str]:
    """Say which canaries sing in a text, however it is written: quoted for an address, in capitals, grouped by four."""
    plain = unquote_plus(text).casefold()
    shapes = {plain, plain.replace(" ", "")}
    return [
        f"{what} in {place}: {text[:160]}"
        for what, canary in CANARIES.items()
        if what not in spared and any(canary.casefold().replace(" ", "") in shape.replace(" ", "") for shape in shapes)
    ]


class Ears:
    """Hears every logger, twice: as it is written, and as it was said before the careful filter."""

    def __init__(self) -> None:
        """Nothing heard yet."""
        self.written, self.said = io.StringIO(), []
        self.handler = logging.StreamHandler(self.written)
        self.handler.addFilter(self._hear)
        self.handler.addFilter(Careful())
        self.handler.setFormatter(JsonFormatter())

    def _hear(self, record: logging.LogRecord) -> bool:
        # A trace is for the formatter; what our own code says must be clean before any filter.
        if not record.exc_info and not record.name.startswith("django."):
            own = {key: value for key, value in record.__dict__.items() if key not in {"args", "msg"}}
            self.said.append(f"{record.name}: {record.getMessage()} {own}")
        return True

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Listen at every logger that does not pass on what it hears, and at the root."""
        deaf = [one for one in logging.Logger.manager.loggerDict.values() if isinstance(one, logging.Logger)]
        heard = [logging.getLogger(), *(one for one in deaf if not one.propagate)]
        level = logging.getLogger().level
        for logger in heard:
            logger.handlers.insert(0, self.handler)  # before the one whose filter rewrites the record
        logging.getLogger().setLevel(logging.INFO)
        try:
            yield
        finally:
            logging.getLogger().setLevel(level)
            for logger in heard:
                logger.removeHandler(self.handler)

    def leaks(self) -> list[str]:
        """Say what stands in the log."""
        lines = self.written.getvalue().splitlines()
        assert lines
        return [hit for line in lines for hit in found_in("log", line)] + [
            hit for said in self.said for hit in found_in("log, before the filter", said)
        ]


class Browser(Client):
    """A client that remembers every address it asked, was sent to, or was shown."""

    def __init__(self, **options: Any) -> None:
        """Remember nothing yet."""
        super().__init__(raise_request_exception=False, **options)
        self.addresses: list[str] = []

    def request(self, **asked: Any) -> Any:
        """Ask, and remember."""
        answer = super().request(**asked)
        self.addresses.append(f"{asked.get('PATH_INFO', '')}?{asked.get('QUERY_STRING', '')}")
        self.addresses.append(answer.headers.get("Location", ""))
        if isinstance(answer, HttpResponse) and "html" in answer.headers.get("Content-Type", ""):
            body = answer.content.decode()
            self.addresses += [one for one in _ADDRESSES.findall(body) if not one.startswith("data:")]
        return answer

    def leaks(self) -> list[str]:
        """Say what stands in addresses and cookies."""
        seen = sorted(set(self.addresses))
        assert len(seen) > 5
        hits = [hit for one in seen if not one.startswith("mailto:") for hit in found_in("address", one)]
        return hits + [hit for name, one in self.cookies.items() for hit in found_in(f"cookie {name}", one.value)]


def rows(sql: str) -> list[str]:
    """Give each row as one text."""
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return [json.dumps(row, default=str, ensure_ascii=False) for row in cursor.fetchall()]


QUIET_ROWS = {
    "job": "select task_name, args, queue_name, lock, queueing_lock from procrastinate_jobs",
    "deed": "select verb, subject, details from audit_deed",
    "transfer": "select key, reason from ledger_transfer",
    "limit": "select key from accounts_limit",
    "order": "select number, kind, reference, label, return_path, credit_account from payments_order",
    "bank's notice": "select convert_from(raw, 'utf8'), facts from payments_outsideevent",
    "payout": "select number, kind, reference, label, debit_account, cancel_reason from payouts_payout",
    "run": "select debtor_name, gathered_by_label from payouts_run",
    "bank's answer": "select said_of, tally, reason from payouts_bankanswer",
    "bank details": "select country, last_four, bank, bic, encode(iban_sealed, 'escape') from payouts_bankdetails",
    "message": "select kind, params, link, mail_id, address_digest from notifications_message",
    "SMS": "select reference, provider_id, outcome from notifications_sms",
    "dead address": "select digest, code from notifications_deadaddress",
    "check": "select masked_number from cvec_check",
}
"""Rows that name nobody. A message may hold what its reader needs, but never a number."""


def leaks_at_rest() -> list[str]:
    """Say what stands in rows, in the cache, in mails' subjects and in the names of what sessions hold."""
    hits = []
    for place, sql in QUIET_ROWS.items():
        spared = ("name", "first name", "usual name", "e-mail", "new e-mail") if place == "message" else ()
        hits += [hit for row in rows(sql) for hit in found_in(place, row, spared=spared)]
    hits += [hit for key, value in cache._cache.items() for hit in found_in("cache", f"{key} {value!r}")]
    hits += [hit for letter in mail.outbox for hit in found_in("subject", letter.subject)]
    for key in SessionStore.get_model_class().objects.values_list("session_key", flat=True):
        hits += [hit for name in SessionStore(key).load() for hit in found_in("session", name)]
    return hits
