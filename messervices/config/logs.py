"""Logs as lines of JSON that cannot carry who a student is."""

import json
import logging
import re
import traceback
from datetime import UTC, datetime

_E_MAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,4})?\b")
_INE = re.compile(r"\b(?=[0-9A-Z]{11}\b)(?=(?:[A-Z]*\d){4})[0-9A-Z]{11}\b", re.IGNORECASE)
_ADDRESS = re.compile(r": /.*", re.DOTALL)
"""Django ends its sentences with the address asked for: a link's secret or a certificate's number may stand in it."""
_SAID = ("reference", "status", "method", "route", "ms", "queries", "actor", "job", "code", "event")


def careful(text: str) -> str:
    """Take e-mails, IBANs and student numbers out of a text: a belt, after never putting them in."""
    return _INE.sub("[ine]", _IBAN.sub("[iban]", _E_MAIL.sub("[e-mail]", text)))


class Careful(logging.Filter):
    """Goes over each record before it is written."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Replace the message; arguments are dropped once they are in it."""
        message = record.getMessage()
        if record.name.startswith("django."):
            message = _ADDRESS.sub("", message)
        record.msg, record.args = careful(message), None
        return True


def where_it_broke(error: BaseException | None) -> str:
    """Say where an error came from, and the kinds of errors that led to it, the first one first; never their words.

    Words may quote anything: the database's quote the whole row that it refuses. Of those the code and the constraint
    are kept, which say as much to who repairs.
    """
    parts: list[str] = []
    while error is not None:
        said = getattr(error, "diag", None)
        codes = [code for name in ("sqlstate", "constraint_name") if (code := getattr(said, name, None))]
        kind = f"{type(error).__module__}.{type(error).__qualname__}"
        parts.append("".join(traceback.format_tb(error.__traceback__)) + " ".join([kind, *codes]))
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return careful("\n".join(reversed(parts)))


class JsonFormatter(logging.Formatter):
    """Writes the fields of an allow-list, and nothing else of a record."""

    def format(self, record: logging.LogRecord) -> str:
        """One line: instant, level, logger, message, the allowed fields, and where it broke."""
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.msg,
        }
        line |= {name: getattr(record, name) for name in _SAID if hasattr(record, name)}
        if record.exc_info:
            line["trace"] = where_it_broke(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False, default=str)
