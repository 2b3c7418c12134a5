"""The invented people of the demonstration. Pure: the same number always gives the same person."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Standing(StrEnum):
    """How far one of the further students has come."""

    PAID = "paid"
    EXEMPT = "exempt"
    PAID_BOTH = "paid_both"
    EXEMPT_BEFORE = "exempt_before"
    TO_PAY = "to_pay"
    CITY = "city"
    IDENTITY = "identity"


FIRST_NAMES = (
    "Alix", "Basile", "Chloé", "Driss", "Élise", "Farid", "Gaëlle", "Hélio", "Inaya", "Joachim", "Kenza",
    "Léonie", "Maël", "Nour", "Océane", "Pablo", "Quentin", "Rokia", "Sacha", "Thaïs", "Ulysse", "Violette",
    "Wassim", "Xavier", "Yanis", "Zélie",
)  # fmt: skip
LAST_NAMES = (
    "Abadie", "Besson", "Carlier", "Delmas", "Estève", "Faure", "Guérin", "Huet", "Ibarra", "Jolivet",
    "Keller", "Lacaze", "Maillard", "Noiret", "Ozanne", "Pasquier", "Quesnel", "Renaud", "Sabatier",
    "Tellier", "Urbain", "Vasseur", "Wagner", "Ximénès", "Yvon", "Zeller", "d’Aubigny", "Le-Bihan", "N’Diaye",
)  # fmt: skip
TOWNS = {
    "versailles": (
        ("78646", "Versailles"),
        ("78297", "Guyancourt"),
        ("95127", "Cergy"),
        ("91228", "Évry-Courcouronnes"),
    ),
    "lyon": (("69123", "Lyon"), ("69266", "Villeurbanne"), ("42218", "Saint-Étienne"), ("01053", "Bourg-en-Bresse")),
}
BORN = (("35238", "Rennes"), ("59350", "Lille"), ("44109", "Nantes"), ("31555", "Toulouse"), ("97411", "Saint-Denis"))
STANDINGS = (
    Standing.PAID, Standing.EXEMPT, Standing.PAID_BOTH, Standing.TO_PAY,
    Standing.PAID, Standing.EXEMPT_BEFORE, Standing.CITY, Standing.IDENTITY,
)  # fmt: skip
OTHERS = 40
CLAIMED = 0
"""The further student whose INE another one claims too."""
CLAIMANT = 24
WRONG_KEY = 9
"""The further student whose INE has a wrong key: it is to be verified."""


@dataclass(frozen=True, slots=True)
class Other:
    """One of the further students: who they are, where they study, how far they have come."""

    email: str
    birth_name: str
    first_names: str
    birth_on: date
    birth_commune: str
    birth_place: str
    civility: str
    ine: str
    commune: str
    standing: Standing


def nne(serial: int) -> str:
    """Make a number of the shape of a university's INE, with its true key (ten signs in base 36, modulo 10)."""
    head = f"0DEMO{serial:05d}"
    return f"{head}{int(head, 36) % 10}"


def bea_with_wrong_key(serial: int) -> str:
    """Make a number of the shape of an academy's INE whose letter is not the key of its figures."""
    head = f"{1_780_000_000 + serial:010d}"
    alphabet = "ABCDEFGHJKLMNPRSTUVWXYZ"
    return f"{head}{alphabet[(int(head) + 1) % len(alphabet)]}"


def other(number: int) -> Other:
    """Give the further student of a number, from 0 to ``OTHERS`` - 1."""
    first = FIRST_NAMES[number % len(FIRST_NAMES)]
    last = LAST_NAMES[(number * 7 + number // 29) % len(LAST_NAMES)]
    towns = TOWNS["versailles" if number % 2 == 0 else "lyon"]
    commune, _name = towns[(number // 2) % len(towns)]
    birth_commune, birth_place = BORN[number % len(BORN)]
    ine = {CLAIMANT: nne(CLAIMED), WRONG_KEY: bea_with_wrong_key(number)}.get(number, nne(number))
    return Other(
        email=f"etudiant{number:02d}@etudiant.example",
        birth_name=last,
        first_names=first,
        birth_on=date(2003 + number % 5, 1 + number % 12, 1 + number % 28),
        birth_commune=birth_commune,
        birth_place=birth_place,
        civility=("F", "M", "")[number % 3],
        ine=ine,
        commune=commune,
        standing=STANDINGS[number % len(STANDINGS)],
    )
