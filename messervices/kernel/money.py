"""Money is whole cents. Only this file turns cents into something to read."""

from typing import NewType

Cents = NewType("Cents", int)

_NARROW = "\u202f"  # thin unbreakable space: between thousands in French
_NBSP = "\u00a0"
_MINUS = "\u2212"


def euros(cents: int, language: str = "fr") -> str:
    """Say an amount in words of the page: ``10500`` → ``105,00 €`` (fr) or ``€105.00`` (en).

    ``cents`` is a signed number of euro cents. Negative amounts take a real minus sign.
    """
    whole, rest = divmod(abs(cents), 100)
    sign = _MINUS if cents < 0 else ""
    if language.startswith("fr"):
        grouped = f"{whole:,}".replace(",", _NARROW)
        return f"{sign}{grouped},{rest:02d}{_NBSP}€"
    return f"{sign}€{whole:,}.{rest:02d}"
