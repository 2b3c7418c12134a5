"""Reads: what a page asks."""

from messervices.foundations.students import selectors as students


def known_kinds(person_id: int) -> set[str]:
    """Give the kinds of facts known of a person (one query)."""
    return set(students.facts_of(person_id).values_list("kind", flat=True))
