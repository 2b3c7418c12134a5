"""The control side, the settings, and a kill of the whole process."""

import contextlib
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

from bank.settings import Settings
from bank.tests.conftest import Browser, Shop
from bank.web import Bank

Form = Callable[..., dict[str, str]]
ROOT = Path(__file__).parents[2]


def test_an_unknown_deed_or_plan_is_refused(browser: Browser) -> None:
    assert browser.tell("/control/dance", {})[0] == 400
    assert browser.tell("/control/plan", {"notice": "dance"})[0] == 400
    assert browser.tell("/control/pay", {"order_id": "NOTHING"})[0] == 409


def test_payments_are_told_with_their_notices(browser: Browser, form: Form) -> None:
    browser.tell("/control/pay", {"form": form(), "card": "accepted"})
    _, (told,) = browser.tell("/control/payments", {"order_id": "ORDER-1"})
    assert told["state"] == "authorised"
    assert [notice["state"] for notice in told["notices"]] == ["sent"]
    browser.tell("/control/wipe", {})
    assert browser.tell("/control/payments", {}) == (200, [])


def test_the_cardholder_may_give_up_or_mistype_by_control(bank: Bank, browser: Browser, form: Form) -> None:
    browser.tell("/control/pay", {"form": form(trans_id="aaaaaa"), "card": "abandon"})
    assert browser.tell("/control/pay", {"form": form(trans_id="bbbbbb"), "code": "9999"})[0] == 409
    assert {payment.state for payment in bank.book.payments()} == {"abandoned", "challenge"}


def test_notices_are_sent_again_by_control(browser: Browser, shop: Shop, form: Form) -> None:
    browser.tell("/control/pay", {"form": form()})
    assert browser.tell("/control/resend", {"order_id": "ORDER-1", "times": 3}) == (200, {"sent": 3})
    assert len(shop.letters) == 4


def test_settings_come_from_the_environment() -> None:
    read = Settings.from_environment({"MESSERVICES_PORT": "9000", "LYRA_KEY": "a", "LYRA_KEY_PREVIOUS": "b"})
    assert (read.port, read.keys) == (9002, ("a", "b"))
    assert read.notice_url == "http://127.0.0.1:9000/api/payments/lyra/notification"
    set_clock = Settings.from_environment({"MESSERVICES_NOW": "2027-05-01T10:00:00", "MESSERVICES_STARTED": "1000"})
    assert set_clock.clock_offset == 1809165600 - 1000


def run(env: dict[str, str]) -> tuple[subprocess.Popen[str], str]:
    """Start ``python -m bank``; give it and its address. ``ended`` closes what it leaves open."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bank"], cwd=ROOT, env=os.environ | env, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    return process, process.stdout.readline().split()[-1]


def ended(process: subprocess.Popen[str]) -> int:
    """Wait for its end; give how it ended."""
    with process:
        return process.wait(timeout=15)


def test_a_kill_at_any_marked_point_loses_no_payment_and_no_notice(tmp_path: Path, shop: Shop, form: Form) -> None:
    for turn, place in enumerate(("bank.before_finish", "bank.before_notice", "bank.after_notice")):
        env = {
            "MESSERVICES_VAR": str(tmp_path / place),
            "BANK_PORT": "0",
            "BANK_NOTICE_URL": shop.url,
            "MESSERVICES_CRASH_AT": place,
            "MESSERVICES_CRASH_MARKER": str(tmp_path / f"{place}.marker"),
        }
        shop.letters.clear()
        fields = form(trans_id=f"kill{turn:02d}", order_id=f"KILL-{turn}")
        process, url = run(env)
        with contextlib.suppress(OSError):
            Browser(url).tell("/control/pay", {"form": fields, "card": "frictionless"})
        assert ended(process) == -signal.SIGKILL
        process, url = run(env)
        try:
            Browser(url).tell("/control/pay", {"form": fields, "card": "frictionless"})
            end = time.monotonic() + 10
            while not shop.letters and time.monotonic() < end:
                time.sleep(0.05)
            time.sleep(0.5)
            _, (told,) = Browser(url).tell("/control/payments", {})
            assert told["taken"] == 10500
            assert told["notices"][0]["state"] == "sent"
            assert 1 <= len(shop.letters) <= 2
            assert len(set(shop.letters)) == 1
        finally:
            process.terminate()
            assert ended(process) == 0


def test_the_process_answers_and_leaves_when_asked(tmp_path: Path) -> None:
    process, url = run({"MESSERVICES_VAR": str(tmp_path), "BANK_PORT": "0"})
    with urllib.request.urlopen(f"{url}/healthz", timeout=5) as response:  # noqa: S310 - our own bank
        assert response.read() == b"ok"
    process.send_signal(signal.SIGINT)
    assert ended(process) == 0
