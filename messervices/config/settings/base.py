"""Settings common to all. Values come from the environment, read once; there is no logic beyond reading them."""

import json
import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
VAR = Path(os.environ.get("MESSERVICES_VAR") or ROOT / "var").resolve()
PORT = int(os.environ.get("MESSERVICES_PORT") or 8000)

DEBUG = False
SITE_NAME = "MesServices"
SITE_URL = os.environ.get("MESSERVICES_URL", f"http://127.0.0.1:{PORT}")
ROOT_URLCONF = "messervices.config.urls"
WSGI_APPLICATION = "messervices.config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DEMO = False

SERVICES = [
    "messervices.services.cvec",
]
FOUNDATIONS = [
    "messervices.foundations.audit",
    "messervices.foundations.accounts",
    "messervices.foundations.crous",
    "messervices.foundations.students",
    "messervices.foundations.ledger",
    "messervices.foundations.catalogue",
    "messervices.foundations.notifications",
    "messervices.foundations.documents",
    "messervices.foundations.payments",
    "messervices.foundations.cash",
    "messervices.foundations.payouts",
    "messervices.foundations.treasury",
]
INSTALLED_APPS = [
    "messervices.kernel",
    "messervices.config",
    "messervices.look",
    *FOUNDATIONS,
    *SERVICES,
    "messervices.portal",
    "messervices.desk",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "procrastinate.contrib.django",
    "django_cotton.apps.SimpleAppConfig",
    "django_htmx",
]

MIDDLEWARE = [
    "messervices.config.middleware.LoggingMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "messervices.config.middleware.PolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "messervices.foundations.accounts.middleware.ActingMiddleware",
    "messervices.foundations.accounts.middleware.LanguageMiddleware",
    "messervices.config.middleware.BodyMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "messervices.config.middleware.RefusalMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "OPTIONS": {
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    ["django_cotton.cotton_loader.Loader", "django.template.loaders.app_directories.Loader"],
                )
            ],
            "builtins": ["django_cotton.templatetags.cotton", "django.templatetags.i18n", "django.templatetags.static"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.messages.context_processors.messages",
                "messervices.look.context.page",
            ],
        },
    }
]

# Database: docs/decisions/0002. The role and the time zone are start-up options, so that `reset all` keeps them.
DATABASE_URL = os.environ.get("DATABASE_URL", "")
DATABASE_ROLE = os.environ.get("MESSERVICES_DB_ROLE", "msv_app")
DATABASES: dict[str, dict[str, object]] = {}

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["messervices.foundations.accounts.backends.Backend"]
FORM_RENDERER = "messervices.look.forms.LookRenderer"
LOGIN_URL = "/account/login/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"
_RULES = "django.contrib.auth.password_validation"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"{_RULES}.UserAttributeSimilarityValidator", "OPTIONS": {"user_attributes": ["email"]}},
    {"NAME": f"{_RULES}.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": f"{_RULES}.CommonPasswordValidator"},
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]

SESSION_ENGINE = "messervices.foundations.accounts.sessions"
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "messervices.portal.views.expired_form"
MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"
AGENT_IDLE_MINUTES = 15
AGENT_ABSOLUTE_HOURS = 8
AGENT_OPEN_PATHS = (
    "/account/factors/", "/account/login/", "/account/logout/", "/account/reauthenticate/",
    "/static/", "/preferences", "/healthz", "/demo",
)  # fmt: skip
LOGIN_REDIRECT_BY_KIND = {"agent": "/desk/", "establishment": "/cvec/space/"}

ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_ADAPTER = "messervices.foundations.accounts.adapter.Adapter"
ALLAUTH_TRUSTED_PROXY_COUNT = int(os.environ.get("TRUSTED_PROXIES") or 0)  # of X-Forwarded-For, from its end
ACCOUNT_RATE_LIMITS = False  # allauth counts in each process's memory; ours are counted in the database
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_CONFIRMATION_EXPIRE_DAYS = 3
ACCOUNT_LOGIN_TIMEOUT = 30 * 60
PASSWORD_RESET_TIMEOUT = 2 * 3600
MFA_ADAPTER = "messervices.foundations.accounts.adapter.Factors"
MFA_RATE_LIMITS = False
MFA_TOTP_TOLERANCE = 1
MFA_RECOVERY_CODE_COUNT = 8
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = SITE_NAME

LANGUAGE_CODE = "fr"
LANGUAGES = [("fr", "Français"), ("en", "English")]
SPOKEN = ("fr", "en")
LANGUAGE_COOKIE_NAME = "language"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Europe/Paris"

STATIC_URL = "/static/"
STATIC_ROOT = VAR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
MAIL_QUEUE = "messervices.foundations.notifications.actions.queue_mail"
DEFAULT_FROM_EMAIL = "MesServices <ne-pas-repondre@messervices.example>"
EMAIL_TIMEOUT = 10
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FILES = 20
FILE_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024  # what is larger goes to a file on the disk as it comes
BODY_MAX_BYTES = 64 * 1024 * 1024

# Who carries messages, and how they tell what came of them: messervices/foundations/notifications/README.md.
MAIL_REPLY_TO = json.loads(os.environ.get("MAIL_REPLY_TO") or "{}")  # {"lyon": "contact@…"}: who reads the answers
MAIL_RETURN_PATH = os.environ.get("MAIL_RETURN_PATH", "")  # the mailbox that mails come back to
MAIL_RETURNED = os.environ.get("MAIL_RETURNED", "")  # where that mailbox is: a Maildir, or a file of mails
MAIL_REPORT_KEY = os.environ.get("MAIL_REPORT_KEY", "")
MAIL_REPORT_KEY_PREVIOUS = os.environ.get("MAIL_REPORT_KEY_PREVIOUS", "")
SMS_CARRIER = os.environ.get("SMS_CARRIER", "")  # messervices.foundations.notifications.providers.ovh.Ovh
OVH_API_URL = os.environ.get("OVH_API_URL", "https://eu.api.ovh.com/1.0")
OVH_APPLICATION_KEY = os.environ.get("OVH_APPLICATION_KEY", "")
OVH_SECRET = os.environ.get("OVH_SECRET", "")
OVH_CONSUMER_KEY = os.environ.get("OVH_CONSUMER_KEY", "")
OVH_SMS_SERVICE = os.environ.get("OVH_SMS_SERVICE", "")
OVH_SMS_SENDER = os.environ.get("OVH_SMS_SENDER", "")

# The banks' side: the same adapters reach the real platforms or the demo bank.
LYRA_PAYMENT_URL = os.environ.get("LYRA_PAYMENT_URL", "")
LYRA_API_URL = os.environ.get("LYRA_API_URL", "")
LYRA_SITE_ID = os.environ.get("LYRA_SITE_ID", "")
LYRA_KEY = os.environ.get("LYRA_KEY", "")
LYRA_KEY_PREVIOUS = os.environ.get("LYRA_KEY_PREVIOUS", "")
LYRA_CTX_MODE = os.environ.get("LYRA_CTX_MODE", "PRODUCTION")
LYRA_API_PASSWORD = os.environ.get("LYRA_API_PASSWORD", "")
LYRA_CONTRACTS = {
    int(pair.partition(":")[0]): pair.partition(":")[2] for pair in os.environ.get("LYRA_CONTRACTS", "").split()
}
"""The card contract of each Crous, as ``12:2000012 26:2000026``; without one, Lyra takes the shop's first contract."""
STRIPE_API_URL = os.environ.get("STRIPE_API_URL", "https://api.stripe.com/v1/")
STRIPE_PAGE_URL = os.environ.get("STRIPE_PAGE_URL", "https://checkout.stripe.com/")
STRIPE_SECRET_KEY = os.environ.get("STRIPE_SECRET_KEY", "")
STRIPE_WEBHOOK_SECRET = os.environ.get("STRIPE_WEBHOOK_SECRET", "")
STRIPE_WEBHOOK_SECRET_PREVIOUS = os.environ.get("STRIPE_WEBHOOK_SECRET_PREVIOUS", "")
PAYFIP_SERVICE_URL = os.environ.get("PAYFIP_SERVICE_URL", "https://www.payfip.gouv.fr/tpa/services/securite")
PAYFIP_PAGE_URL = os.environ.get("PAYFIP_PAGE_URL", "https://www.payfip.gouv.fr/tpa/paiementws.web")
PAYFIP_NUMCLI = os.environ.get("PAYFIP_NUMCLI", "")
PAYFIP_SAISIE = os.environ.get("PAYFIP_SAISIE", "W")
PAYFIP_MAIL = os.environ.get("PAYFIP_MAIL", "")

# Which banks are offered, the preferred one first; when one that fails leaves the choice, and for how long.
PAYMENT_RAILS = [name for name in os.environ.get("PAYMENT_RAILS", "lyra").replace(" ", "").split(",") if name]
BANK_TIMEOUT_SECONDS = float(os.environ.get("BANK_TIMEOUT_SECONDS") or 5)
RAIL_FAILURES = int(os.environ.get("RAIL_FAILURES") or 3)
RAIL_WITHIN_SECONDS = int(os.environ.get("RAIL_WITHIN_SECONDS") or 60)
RAIL_PAUSE_SECONDS = int(os.environ.get("RAIL_PAUSE_SECONDS") or 30)

# Money out: keys of the IBANs (name:32 bytes in base 64, the one in use first), how cautious we are, whom we reach.
IBAN_KEYS = os.environ.get("IBAN_KEYS", "")
IBAN_SEARCH_KEY = os.environ.get("IBAN_SEARCH_KEY", "")
PAYOUT_COOLING_HOURS = int(os.environ.get("PAYOUT_COOLING_HOURS") or 72)
PAYOUT_SECOND_PERSON_CENTS = int(os.environ.get("PAYOUT_SECOND_PERSON_CENTS") or 500_00)
PAYOUT_FILE_MAX = int(os.environ.get("PAYOUT_FILE_MAX") or 50_000)
PAYOUT_DEBTORS = os.environ.get("PAYOUT_DEBTORS", "")
PAYOUT_BANK_URL = os.environ.get("PAYOUT_BANK_URL", "")
PAYOUT_BANK_CREDENTIALS = os.environ.get("PAYOUT_BANK_CREDENTIALS", "")

# Cash at the post office: without a creditor code it is not offered. Secrets sign the files that are delivered to us.
EFICASH_CREDITOR = os.environ.get("EFICASH_CREDITOR", "")
EFICASH_SECRET = os.environ.get("EFICASH_SECRET", "")
EFICASH_SECRET_PREVIOUS = os.environ.get("EFICASH_SECRET_PREVIOUS", "")
EFICASH_FOLDER = os.environ.get("EFICASH_FOLDER", "")
EFICASH_NOTICE_DAYS = int(os.environ.get("EFICASH_NOTICE_DAYS") or 30)
EFICASH_FILE_MAX_BYTES = 32 * 1024 * 1024

# Papers: the seal, and the key that makes their numbers impossible to guess.
DOCUMENT_NUMBER_KEY = os.environ.get("DOCUMENT_NUMBER_KEY", "")
SEAL_PKCS12 = os.environ.get("SEAL_PKCS12", "")
SEAL_PASSWORD = os.environ.get("SEAL_PASSWORD", "")

# Files handed in: what one may be, how many a person may have, how long they are kept when nobody says.
UPLOAD_MAX_BYTES = 10 * 1024 * 1024
UPLOADS_A_PERSON = 100
UPLOAD_BYTES_A_PERSON = 200 * 1024 * 1024
UPLOADS_AN_HOUR = 60
UPLOAD_GRANT_SECONDS = 12 * 3600
UPLOAD_KEPT_DAYS = 400
PROOF_KEPT_DAYS = 183
UPLOAD_PATIENCE_SECONDS = 20
UPLOAD_LIMITS = {
    "memory": 512 * 1024 * 1024,
    "seconds": 5,
    "result": 16 * 1024 * 1024,
    "unpacked": 300 * 1024 * 1024,
    "pixels": 50_000_000,
    "pages": 60,
    "side": 3600,
}
CLAMAV = os.environ.get("CLAMAV", "")  # /run/clamav/clamd.ctl or host:3310
CLAMAV_TIMEOUT = 10

# Yearly lists of establishments.
ROLL_MAX_BYTES = 20 * 1024 * 1024
ROLL_MAX_LINES = 100_000
AFTER_SEAL = "foundations.notifications.tasks.document_sealed"
AUDIT_ANCHORS = os.environ.get("AUDIT_ANCHORS", str(VAR / "anchors.jsonl"))

# Following the money: how long it may be on its way, and from what amount on two persons look.
TREASURY_FILE_MAX_BYTES = 400 * 1024 * 1024
TREASURY_GRACE_DAYS = int(os.environ.get("TREASURY_GRACE_DAYS") or 1)
TREASURY_RUN_DAYS = int(os.environ.get("TREASURY_RUN_DAYS") or 3)
TREASURY_SECOND_PERSON_CENTS = int(os.environ.get("TREASURY_SECOND_PERSON_CENTS") or 1_000_00)

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

CONTENT_SECURITY_POLICY: dict[str, object] = {}

CVEC_PAPERS_KEPT_DAYS = 183  # papers of a request: six months after its decision (assumed, to be signed by the DPO)

PROCRASTINATE_WORKER_DEFAULTS = {"concurrency": 4, "shutdown_graceful_timeout": 10, "delete_jobs": "successful"}
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "tasks"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"careful": {"()": "messervices.config.logs.Careful"}},
    "formatters": {"json": {"()": "messervices.config.logs.JsonFormatter"}},
    "handlers": {"out": {"class": "logging.StreamHandler", "formatter": "json", "filters": ["careful"]}},
    "root": {"handlers": ["out"], "level": "INFO"},
    "loggers": {
        "django.server": {"handlers": ["out"], "level": "WARNING", "propagate": False},
        "procrastinate": {"handlers": ["out"], "level": "WARNING", "propagate": False},
    },
}
