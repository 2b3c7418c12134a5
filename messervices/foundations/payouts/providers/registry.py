"""What is known of countries, banks, return codes and the Crous's own accounts: data files, read once a process."""

import csv
import functools
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from schwifty import IBAN
from schwifty.exceptions import SchwiftyException

_DATA = Path(__file__).resolve().parents[1] / "data"


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@functools.cache
def sepa_countries() -> frozenset[str]:
    """The two letters that IBANs of SEPA begin with."""
    return frozenset(row["code"] for row in _rows(_DATA / "sepa_countries.csv"))


@dataclass(frozen=True, slots=True)
class Bank:
    """The bank that an IBAN names: its name and BIC, empty when the registry does not know it."""

    name: str = ""
    bic: str = ""


def bank_of(iban: str) -> Bank:
    """Say which bank an IBAN names, as far as the registry knows."""
    try:
        found = IBAN(iban)
        return Bank(str(found.bank_name or "")[:120], str(found.bic or ""))
    except SchwiftyException:
        return Bank()


@dataclass(frozen=True, slots=True)
class ReturnCode:
    """Why a bank sent money back, in plain words of both languages. ``whose``: ``payee``, ``us`` or ``bank``."""

    code: str
    whose: str
    why_fr: str
    why_en: str
    do_fr: str
    do_en: str

    def why(self, language: str) -> str:
        """What happened."""
        return self.why_en if language.startswith("en") else self.why_fr

    def advice(self, language: str) -> str:
        """What to do."""
        return self.do_en if language.startswith("en") else self.do_fr


@functools.cache
def _codes() -> dict[str, ReturnCode]:
    return {row["code"]: ReturnCode(**row) for row in _rows(_DATA / "return_codes.csv")}


def return_code(code: str) -> ReturnCode:
    """Give a return code; an unknown one is the bank's affair, and told as such."""
    return _codes().get(code) or ReturnCode(
        code=code,
        whose="bank",
        why_fr=f"La banque a renvoyé le virement (code {code})." if code else "La banque a renvoyé le virement.",
        why_en=f"The bank sent the transfer back (code {code})." if code else "The bank sent the transfer back.",
        do_fr="Vous n’avez rien à faire pour le moment : votre Crous vérifie auprès de la banque.",
        do_en="You have nothing to do for now: your Crous checks with the bank.",
    )


@dataclass(frozen=True, slots=True)
class Debtor:
    """The account from which a Crous pays."""

    crous_id: int
    name: str
    iban: str
    bic: str
    ics: str


@functools.lru_cache(maxsize=4)
def _debtors(path: str) -> dict[int, Debtor]:
    rows = _rows(Path(path)) if path else []
    return {
        int(row["crous_id"]): Debtor(int(row["crous_id"]), row["name"], row["iban"], row["bic"], row["ics"])
        for row in rows
    }


def debtors() -> dict[int, Debtor]:
    """The accounts of the file that ``PAYOUT_DEBTORS`` names, by Crous. Raises ``OSError``, ``KeyError``."""
    return _debtors(str(settings.PAYOUT_DEBTORS))
