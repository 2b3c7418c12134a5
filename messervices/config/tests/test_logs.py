"""A line of the log says what happened and where, and never to whom."""

import io
import json
import logging
from typing import Any

import pytest
from django.db import DataError, connection, transaction

from messervices.config.logs import Careful, JsonFormatter, careful, where_it_broke


def line_of(log: Any, name: str = "messervices.test") -> dict[str, Any]:
    """What is written of one call of a logger."""
    written, logger = io.StringIO(), logging.getLogger(name)
    handler = logging.StreamHandler(written)
    handler.addFilter(Careful())
    handler.setFormatter(JsonFormatter())
    logger.handlers.insert(0, handler)
    try:
        log(logger)
    finally:
        logger.removeHandler(handler)
    found: dict[str, Any] = json.loads(written.getvalue())
    return found


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("mail to Lina.Benali+cvec@etudiant.example", "mail to [e-mail]"),
        ("number 5000000700A of nobody", "number [ine] of nobody"),
        ("number 5000000700a", "number [ine]"),
        ("paid from FR76 3000 6000 0112 3456 7890 189", "paid from [iban]"),
        ("paid from FR7630006000011234567890189", "paid from [iban]"),
        ("order GQGHE9C83V, 105 euros", "order GQGHE9C83V, 105 euros"),
    ],
)
def test_numbers_and_addresses_are_taken_out(said: str, written: str) -> None:
    assert careful(said) == written


def test_only_the_fields_of_the_list_are_written() -> None:
    line = line_of(lambda logger: logger.warning("request", extra={"status": 200, "person": "Benali"}))
    assert line["status"] == 200
    assert "Benali" not in json.dumps(line)


def test_django_says_no_address() -> None:
    say = "Not Found: /account/confirm/secret"
    assert line_of(lambda logger: logger.warning(say), "django.request")["message"] == "Not Found"
    assert line_of(lambda logger: logger.warning(say))["message"] == say


NAME = "Zyxwquist"


def _fall() -> None:
    raise KeyError(NAME)


def _fall_again() -> None:
    try:
        _fall()
    except KeyError as error:
        raise RuntimeError(f"nobody is called {NAME}") from error


def test_a_trace_says_where_and_which_kinds_and_not_a_word_more() -> None:
    def fail(logger: logging.Logger) -> None:
        try:
            _fall_again()
        except RuntimeError:
            logger.exception("broken")

    trace = line_of(fail)["trace"]
    assert NAME not in trace
    assert trace.index("builtins.KeyError") < trace.index("builtins.RuntimeError")
    assert "in _fall\n" in trace


@pytest.mark.django_db
def test_what_the_database_quotes_is_not_written_and_its_code_is() -> None:
    with pytest.raises(DataError, match=NAME) as caught, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("select %s::int", [NAME])
    trace = where_it_broke(caught.value)
    assert NAME not in trace
    assert "psycopg.errors.InvalidTextRepresentation 22P02" in trace
