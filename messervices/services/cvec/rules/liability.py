"""Who is concerned."""

from dataclasses import dataclass
from enum import StrEnum


class Place(StrEnum):
    """Where one will study."""

    HIGHER = "higher"
    CPGE = "cpge"
    LYCEE = "lycee"
    ABROAD = "abroad"


class Route(StrEnum):
    """In what capacity."""

    INITIAL = "initial"
    CESURE = "cesure"
    CONTINUING = "continuing"
    HDR = "hdr"


class Mobility(StrEnum):
    """Between two establishments or not."""

    NONE = "none"
    DOUBLE = "double"
    INCOMING = "incoming"


@dataclass(frozen=True, slots=True)
class Liability:
    """An answer: ``row`` is the line of the table of situations, ``assumed`` that no text was found for it."""

    row: int
    liable: bool
    assumed: bool = False


def liability(place: Place, route: Route, mobility: Mobility) -> Liability:
    """Tell whether somebody owes the CVEC and must show a certificate (both go together in every row of 1.2).

    What exempts by nature comes first: the place, then the capacity, then the exchange.
    """
    if place == Place.LYCEE:
        return Liability(4, liable=False)  # BTS, DMA, accountancy diploma taught in a lycée or an MFR
    if place == Place.ABROAD:
        return Liability(9, liable=False)  # campus abroad of a French school, fees paid abroad
    if route == Route.CONTINUING:
        return Liability(5, liable=False)  # continuing training, professionalisation contract included
    if route == Route.HDR:
        return Liability(7, liable=False)  # habilitation à diriger des recherches
    if mobility == Mobility.INCOMING:
        return Liability(6, liable=False)  # incoming exchange, no fee paid in France
    if place == Place.CPGE:
        return Liability(2, liable=True)  # because of the parallel enrolment at a university
    if mobility == Mobility.DOUBLE:
        return Liability(3, liable=True)  # once
    if route == Route.CESURE:
        return Liability(8, liable=True, assumed=True)
    return Liability(1, liable=True)  # initial training, distance and apprenticeship included
