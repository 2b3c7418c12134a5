"""The door for La Banque Postale: signed, kept, and nothing told."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from messervices.foundations.cash.models import ReturnFile
from messervices.foundations.cash.providers.delivery import is_signed, sign
from messervices.foundations.cash.tests.factories import issue, return_file, took
from messervices.foundations.payments.tests.factories import jobs_waiting

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books")]
DOOR = "/api/cash/return-file"
SECRET = "demonstration only: of the demonstration post office"
AT = datetime(2026, 8, 28, 12, tzinfo=UTC)


def deliver(raw: bytes, *, secret: str = SECRET, at: datetime | None = None, **headers: str) -> Any:
    signed = {"Eficash-Signature": sign(raw, secret=secret, at=at or timezone.now())} | headers
    return Client().post(DOOR, raw, content_type="application/octet-stream", headers=signed)


def test_a_signed_file_is_kept_before_anything_is_done_with_it() -> None:
    raw = return_file(took(issue()))
    first, again = deliver(raw), deliver(raw)
    assert (first.status_code, first.content) == (201, b"kept")
    assert (again.status_code, again.content) == (200, b"known")
    kept = ReturnFile.objects.get()
    assert (bytes(kept.raw), kept.status, kept.origin) == (raw, "received", "delivery")
    assert jobs_waiting("read_file") == 1


def test_a_wrong_file_is_kept_too_and_its_sender_learns_nothing_of_us() -> None:
    assert deliver(b"nonsense").content == b"kept"


@pytest.mark.parametrize("how", ["unsigned", "another secret", "an hour ago", "in an hour", "other bytes", "nonsense"])
def test_what_is_not_signed_now_by_the_bank_is_not_kept(how: str) -> None:
    raw, now = return_file(took(issue())), timezone.now()
    header = {
        "unsigned": "",
        "another secret": sign(raw, secret="x", at=now),
        "an hour ago": sign(raw, secret=SECRET, at=now - timedelta(hours=1)),
        "in an hour": sign(raw, secret=SECRET, at=now + timedelta(hours=1)),
        "other bytes": sign(raw + b"x", secret=SECRET, at=now),
        "nonsense": "t=é,v1=0",
    }[how]
    answer = deliver(raw, **{"Eficash-Signature": header})
    assert (answer.status_code, answer.content) == (403, b"not signed")
    assert ReturnFile.objects.count() == 0


def test_an_old_secret_is_believed_while_it_is_being_changed(settings: Any) -> None:
    settings.EFICASH_SECRET, settings.EFICASH_SECRET_PREVIOUS = "new", "old"
    raw = return_file(took(issue()))
    assert deliver(raw, secret="old").status_code == 201
    settings.EFICASH_SECRET_PREVIOUS = ""
    assert deliver(raw, secret="old").status_code == 403


def test_without_a_secret_nobody_can_sign(settings: Any) -> None:
    settings.EFICASH_SECRET = ""
    assert deliver(b"x", secret="").status_code == 403
    assert not is_signed(b"x", sign(b"x", secret="", at=AT), secrets=(), now=AT)


def test_what_is_too_long_is_not_read(settings: Any) -> None:
    settings.EFICASH_FILE_MAX_BYTES = 10
    assert deliver(b"x" * 11).status_code == 413


def test_the_door_is_for_posting() -> None:
    assert Client().get(DOOR).status_code == 405
