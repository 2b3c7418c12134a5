"""Who is exempt, and what is due."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from messervices.kernel.academic_year import AcademicYear
from messervices.kernel.money import Cents


@dataclass(frozen=True, slots=True)
class Known:
    """A fact as the rules see it: its kind, its year, its value, where from and since when."""

    kind: str
    year: AcademicYear | None
    value: object
    source: str
    known_at: datetime


class Way(StrEnum):
    """How an exemption is obtained."""

    AT_ONCE = "at_once"
    REFUND = "refund"
    REQUEST = "request"
    LIST = "list"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Category:
    """A line of the table of exemptions: our code, its legal ground (``""`` when none was found), how it is had."""

    code: str
    ground: str
    way: Way
    assumed: bool = False


CATEGORIES = (
    Category("BCS", "L841-5 II 1°", Way.AT_ONCE),
    Category("ASAA", "L841-5 II 1°", Way.AT_ONCE, assumed=True),
    Category("REG", "L841-5 II 1°", Way.REFUND),
    Category("ETAB", "L841-5 II 1°", Way.REFUND),
    Category("REFUGIE", "L841-5 II 2°", Way.REQUEST),
    Category("PROT_SUB", "L841-5 II 2°", Way.REQUEST),
    Category("PROT_TEMP", "", Way.REQUEST),
    Category("ASILE", "L841-5 II 2°", Way.REQUEST),
    Category("PREPA_DEF", "L841-5 II 3°", Way.LIST, assumed=True),
    Category("FOREIGN", "", Way.NONE),
)
EXEMPTING = {"boursier": "BCS", "annual_allowance": "ASAA"}
"""Kinds of facts that exempt at once, with their motive; the first one found is the motive given."""


def exemption(known: Iterable[Known], year: AcademicYear) -> tuple[str, Known] | None:
    """Give the motive that exempts for a year and the fact it rests on; ``None`` when the CVEC is due.

    Only facts of the very year count: last year's status is worth nothing. A fact whose value is false
    says "no longer" and does not exempt.
    """
    of_year = {fact.kind: fact for fact in known if fact.year == year and fact.value}
    return next(((motive, of_year[kind]) for kind, motive in EXEMPTING.items() if kind in of_year), None)


def amount_due(amount_of_year: Cents, *, exempt: bool) -> Cents:
    """Give what is to be paid: the flat amount of the year, never a part of it, or nothing."""
    return Cents(0) if exempt else amount_of_year
