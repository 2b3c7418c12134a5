"""What must hold of tiles and announcements."""

from messervices.kernel.invariants import Invariant


def invariants() -> list[Invariant]:
    """Every tile leads to a safe address and has both languages; so has every announcement."""
    return [
        Invariant(
            "every tile in force has both languages and a safe address",
            "select count(*) from catalogue_catalogueentry where superseded_at is null "
            "and ('' in (title_fr, title_en, sentence_fr, sentence_en) or address not like 'https://%')",
        ),
        Invariant(
            "every announcement in force has both languages",
            "select count(*) from catalogue_announcement where superseded_at is null "
            "and '' in (title_fr, title_en, body_fr, body_en)",
        ),
    ]
