"""Pure rules: facts in, answer out. No Django, no clock, no database."""

from collections.abc import Collection


def is_ready(known: Collection[str]) -> bool:
    """Tell whether enough is known of somebody: their city of study."""
    return "study_city" in known
