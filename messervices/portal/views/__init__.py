"""Views of the portal, by what they are about."""

from messervices.portal.views.browse import home, page, search, services, status
from messervices.portal.views.contact import contact, trust_address
from messervices.portal.views.expired import expired_form
from messervices.portal.views.identity import communes, disputed_ine, identity
from messervices.portal.views.inbox import message, messages
from messervices.portal.views.me import history, me, reads
from messervices.portal.views.preferences import preferences

__all__ = [
    "communes",
    "contact",
    "disputed_ine",
    "expired_form",
    "history",
    "home",
    "identity",
    "me",
    "message",
    "messages",
    "page",
    "preferences",
    "reads",
    "search",
    "services",
    "status",
    "trust_address",
]
