"""A real installation: every secret from the environment, nothing by default."""

from urllib.parse import urlsplit

from csp.constants import NONCE, NONE, SELF

from messervices.config.settings.base import *  # noqa: F403 - a settings module is its base and what differs
from messervices.config.settings.base import (
    DATABASE_ROLE,
    DATABASE_URL,
    LYRA_PAYMENT_URL,
    PAYFIP_PAGE_URL,
    PAYMENT_RAILS,
    SITE_URL,
    STRIPE_PAGE_URL,
    os,
)
from messervices.config.settings.database import connection

SECRET_KEY = os.environ["SECRET_KEY"]
DOCUMENT_NUMBER_KEY = os.environ["DOCUMENT_NUMBER_KEY"]
IBAN_KEYS = os.environ["IBAN_KEYS"]
IBAN_SEARCH_KEY = os.environ["IBAN_SEARCH_KEY"]
SECRET_KEY_FALLBACKS = [key for key in [os.environ.get("SECRET_KEY_PREVIOUS", "")] if key]
ALLOWED_HOSTS = [host for host in os.environ.get("ALLOWED_HOSTS", urlsplit(SITE_URL).hostname or "").split(",") if host]
CSRF_TRUSTED_ORIGINS = [SITE_URL]
DATABASES = {
    "default": connection(DATABASE_URL, DATABASE_ROLE, pool=int(os.environ.get("MESSERVICES_DB_POOL") or 8)),
}

EMAIL_HOST = os.environ.get("EMAIL_HOST", "localhost")
EMAIL_PORT = int(os.environ.get("EMAIL_PORT") or 25)
EMAIL_HOST_USER = os.environ.get("EMAIL_USER", "")
EMAIL_HOST_PASSWORD = os.environ.get("EMAIL_PASSWORD", "")
EMAIL_USE_TLS = bool(os.environ.get("EMAIL_USE_TLS"))
DEFAULT_FROM_EMAIL = os.environ.get("EMAIL_FROM", "MesServices <ne-pas-repondre@messervices.example>")

SECURE_SSL_REDIRECT = True
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 2 * 365 * 24 * 3600
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
SESSION_COOKIE_SECURE = True
SESSION_COOKIE_NAME = "__Host-session"
CSRF_COOKIE_SECURE = True
CSRF_COOKIE_NAME = "__Host-csrf"
LANGUAGE_COOKIE_SECURE = True

# A form of ours may lead to the banks in use, also by a redirection, and nowhere else.
_pages = {"lyra": LYRA_PAYMENT_URL, "stripe": STRIPE_PAGE_URL, "payfip": PAYFIP_PAGE_URL}
_banks = [urlsplit(_pages[name]) for name in PAYMENT_RAILS if name in _pages]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF, *(f"{bank.scheme}://{bank.netloc}" for bank in _banks)],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "upgrade-insecure-requests": True,
    },
}
