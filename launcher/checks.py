"""The checks beside the tests: style, types, floors, templates, migrations, settings."""

import base64
import json
import os
import secrets
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from launcher.places import ROOT


@dataclass(frozen=True)
class Check:
    """One check: its name in the summary, its command, and variables of its own."""

    name: str
    words: tuple[str, ...]
    own: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Verdict:
    """What a check found."""

    name: str
    passed: bool
    seconds: float
    output: str


def quick() -> list[Check]:
    """List the checks that take a second or two: done before the tests start."""
    return [
        Check("ruff", ("-m", "ruff", "check", "--quiet", ".")),
        Check("ruff format", ("-m", "ruff", "format", "--check", "--quiet", ".")),
        Check("codespell", ("-m", "launcher.prose")),
        Check(
            "import contracts", ("-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-logo")
        ),
    ]


def slow() -> list[Check]:
    """List the checks that take longer: done beside the tests."""
    manage = ("-m", "messervices.config.manage")
    installation = {
        "DJANGO_SETTINGS_MODULE": "messervices.config.settings.production",
        "MESSERVICES_URL": "https://messervices.example",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "DOCUMENT_NUMBER_KEY": secrets.token_urlsafe(50),
        "SEAL_PKCS12": "seal.p12",
        "CLAMAV": "/run/clamav/clamd.ctl",
        "IBAN_KEYS": f"check:{base64.b64encode(secrets.token_bytes(32)).decode()}",
        "IBAN_SEARCH_KEY": secrets.token_urlsafe(50),
        "PAYOUT_DEBTORS": str(ROOT / "messervices/foundations/payouts/data/debtors_demo.csv"),
        "TRUSTED_PROXIES": "1",
        "LYRA_PAYMENT_URL": "https://bank.example/vads-payment/",
        "LYRA_API_URL": "https://bank.example/api-payment/V4/",
        "LYRA_SITE_ID": "12345678",
        "LYRA_KEY": secrets.token_urlsafe(12),
        "LYRA_API_PASSWORD": secrets.token_urlsafe(12),
    }
    return [
        Check("migrations", (*manage, "makemigrations", "--check", "--dry-run")),
        Check("check --deploy", (*manage, "check", "--deploy", "--fail-level", "WARNING"), tuple(installation.items())),
        Check("djlint", ("-m", "djlint", "--lint", "--quiet", "messervices")),
        Check("mypy", ("-m", "mypy", "--no-error-summary")),
    ]


def perform(check: Check, environment: dict[str, str]) -> Verdict:
    """Run one check and say what it found."""
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, *check.words], cwd=ROOT, env=environment | dict(check.own), stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False,
    )  # fmt: skip
    return Verdict(check.name, done.returncode == 0, time.monotonic() - began, done.stdout.strip())


def write_verdicts(verdicts: list[Verdict], path: Path) -> None:
    """Leave the verdicts where the plugin of pytest finds them."""
    made = path.with_suffix(".making")
    made.write_text(json.dumps([asdict(verdict) for verdict in verdicts]))
    made.replace(path)


def read_verdicts(path: Path, patience: float = 0.0) -> list[Verdict] | None:
    """Read the verdicts, waiting for them up to ``patience`` seconds; None if they do not come."""
    until = time.monotonic() + patience
    while not path.exists():
        if time.monotonic() > until:
            return None
        time.sleep(0.1)
    return [Verdict(**verdict) for verdict in json.loads(path.read_text())]


def summary(verdicts: list[Verdict]) -> list[str]:
    """Write the verdicts for a person: what failed in full, then one line each."""
    lines = []
    for verdict in verdicts:
        if not verdict.passed:
            lines += [f"--- {verdict.name} ---", verdict.output, ""]
    lines += [f"{'ok    ' if v.passed else 'FAILED'}  {v.name:<18} {v.seconds:5.1f} s" for v in verdicts]
    failed = sum(not verdict.passed for verdict in verdicts)
    return [*lines, f"checks: {len(verdicts) - failed} ok, {failed} failed"]


def calm_environment(database_url: str, var: Path) -> dict[str, str]:
    """Give the environment of checks and tests: nothing of the caller's own platform may reach them."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MESSERVICES_", "LYRA_", "PG"))}
    return kept | {
        "DATABASE_URL": database_url,
        "DJANGO_SETTINGS_MODULE": "messervices.config.settings.test",
        "MESSERVICES_VAR": str(var),
        "PYTHONPATH": str(ROOT),
    }
