"""What the desk shows: found persons, a person's whole picture, what waits, how the network is run."""

from messervices.desk.selectors.finding import (
    MOST_FOUND,
    Found,
    person_for,
    persons_lately,
    persons_like,
    persons_read_by,
)
from messervices.desk.selectors.network import (
    agent_account,
    agent_by_email,
    deeds_by_subject,
    deeds_on_agent,
    known_rights,
    office_of,
    open_orders,
)
from messervices.desk.selectors.picture import (
    Picture,
    facts_in_words,
    numbers_of,
    panels_of,
    picture_of,
    timeline_of,
)
from messervices.desk.selectors.waiting import (
    Queue,
    bank_waiting,
    case_for,
    cases_of,
    event_for,
    other_holder,
    queues_of,
    refund_for,
)
from messervices.desk.selectors.words import offices_of, source_in_words, value_in_words

__all__ = [
    "MOST_FOUND",
    "Found",
    "Picture",
    "Queue",
    "agent_account",
    "agent_by_email",
    "bank_waiting",
    "case_for",
    "cases_of",
    "deeds_by_subject",
    "deeds_on_agent",
    "event_for",
    "facts_in_words",
    "known_rights",
    "numbers_of",
    "office_of",
    "offices_of",
    "open_orders",
    "other_holder",
    "panels_of",
    "person_for",
    "persons_lately",
    "persons_like",
    "persons_read_by",
    "picture_of",
    "queues_of",
    "refund_for",
    "source_in_words",
    "timeline_of",
    "value_in_words",
]
