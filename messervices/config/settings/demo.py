"""The demonstration: everything runs on one machine, with a demonstration bank, mailbox, seal and clock."""

from csp.constants import NONCE, NONE, SELF

from messervices.config.settings.base import *  # noqa: F403 - a settings module is its base and what differs
from messervices.config.settings.base import DATABASE_ROLE, DATABASE_URL, INSTALLED_APPS, PORT, ROOT, VAR, os
from messervices.config.settings.database import connection

DEMO = True
SECRET_KEY = "demonstration only: every installation of one's own sets SECRET_KEY"  # noqa: S105 - says so itself
DOCUMENT_NUMBER_KEY = "demonstration"
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]"]
INSTALLED_APPS = [*INSTALLED_APPS, "messervices.demo"]
DATABASES = {
    "default": connection(DATABASE_URL, DATABASE_ROLE, pool=int(os.environ.get("MESSERVICES_DB_POOL") or 4)),
}

CLAMAV = "demo"  # finds the test file that every antivirus knows, and nothing else

BANK = os.environ.get("MESSERVICES_BANK_URL") or f"http://127.0.0.1:{PORT + 2}"
LYRA_PAYMENT_URL = f"{BANK}/vads-payment/"
LYRA_API_URL = f"{BANK}/api-payment/V4/"
LYRA_SITE_ID = "12345678"
LYRA_KEY = "1122334455667788"
LYRA_CTX_MODE = "TEST"
LYRA_CONTRACTS = {crous: f"20000{crous:02d}" for crous in range(1, 27)}
LYRA_API_PASSWORD = "testpassword_demonstration"  # noqa: S105 - the demonstration bank's
STRIPE_API_URL = f"{BANK}/v1/"
STRIPE_PAGE_URL = f"{BANK}/"
STRIPE_SECRET_KEY = "sk_test_demonstration"  # noqa: S105 - as above
STRIPE_WEBHOOK_SECRET = "whsec_demonstration"  # noqa: S105 - as above
PAYFIP_SERVICE_URL = f"{BANK}/tpa/services/securite"
PAYFIP_PAGE_URL = f"{BANK}/tpa/paiementws.web"
PAYFIP_NUMCLI = "006382"
PAYFIP_SAISIE = "T"
PAYFIP_MAIL = "regie@messervices.example"
PAYMENT_RAILS = ["lyra", "stripe", "payfip"]
RAIL_PAUSE_SECONDS = 15

IBAN_KEYS = "demo:ZGVtb25zdHJhdGlvbiwgbm90IGEgc2VjcmV0IGtleSE="
IBAN_SEARCH_KEY = "demonstration"
PAYOUT_DEBTORS = ROOT / "messervices/foundations/payouts/data/debtors_demo.csv"
PAYOUT_BANK_URL = f"{BANK}/sepa/"
PAYOUT_BANK_CREDENTIALS = "crous:demonstration"

EFICASH_CREDITOR = "075019"
EFICASH_SECRET = "demonstration only: of the demonstration post office"  # noqa: S105 - says so itself

TREASURY_GRACE_DAYS = 0  # what does not fit is seen at once

EMAIL_BACKEND = "messervices.demo.mailbox.Backend"
DEMO_MAILBOX = VAR / "mail"
SMS_CARRIER = "messervices.demo.mailbox.Sms"
MAIL_REPORT_KEY = "demonstration"
MAIL_REPLY_TO = {"versailles": "contact@crous-versailles.example"}

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF, BANK],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    },
}
