"""Reads of the CVEC: what a page, the desk or the verification asks."""

from messervices.services.cvec.selectors.campaign import Campaign, campaign_of, campaign_years, refund_until
from messervices.services.cvec.selectors.desk import (
    acquittement_at_desk,
    acquittements_at_desk,
    acquittements_seen,
    person_ids_by_number,
)
from messervices.services.cvec.selectors.standing import (
    Knowledge,
    Standing,
    acquittement_of,
    acquittements_of,
    knowledge_of,
    payment_under_way,
    standing_of,
    unpaid_after_close,
)
from messervices.services.cvec.selectors.verification import (
    Asked,
    Verdict,
    answer_of,
    asked,
    certified,
    checks_of,
    code_label,
    names_of,
    verdict_of,
)

__all__ = [
    "Asked",
    "Campaign",
    "Knowledge",
    "Standing",
    "Verdict",
    "acquittement_at_desk",
    "acquittement_of",
    "acquittements_at_desk",
    "acquittements_of",
    "acquittements_seen",
    "answer_of",
    "asked",
    "campaign_of",
    "campaign_years",
    "certified",
    "checks_of",
    "code_label",
    "knowledge_of",
    "names_of",
    "payment_under_way",
    "person_ids_by_number",
    "refund_until",
    "standing_of",
    "unpaid_after_close",
    "verdict_of",
]
