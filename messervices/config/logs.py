"""Logs as lines of JSON that cannot carry who a student is."""

import json
import logging
import re
from datetime import UTC, datetime

_E_MAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,4})?\b")
_INE = re.compile(r"\b(?=[0-9A-Z]{11}\b)(?=(?:[A-Z]*\d){4})[0-9A-Z]{11}\b", re.IGNORECASE)
_SAID = ("reference", "status", "method", "route", "ms", "queries", "actor", "job", "code", "event")


def careful(text: str) -> str:
    """Take e-mails, IBANs and student numbers out of a text: a belt, after never putting them in."""
    return _INE.sub("[ine]", _IBAN.sub("[iban]", _E_MAIL.sub("[e-mail]", text)))


class Careful(logging.Filter):
    """Goes over each record before it is written."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Replace the message; arguments are dropped once they are in it."""
        record.msg, record.args = careful(record.getMessage()), None
        return True


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
            line["trace"] = careful(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False, default=str)
