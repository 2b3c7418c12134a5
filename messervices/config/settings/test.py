"""The tests: the demonstration's settings on a throw-away database, as the role of the application."""

from messervices.config.settings.database import connection
from messervices.config.settings.demo import *  # noqa: F403 - a settings module is its base and what differs
from messervices.config.settings.demo import DATABASE_URL, VAR, os

SECRET_KEY = "tests"  # noqa: S105 - of the tests
DATABASES = {"default": connection(DATABASE_URL, "msv_owner", pool=0)}
DATABASES["default"]["TEST"] = {
    "NAME": os.environ.get("MESSERVICES_TEST_DB", "messervices_test"),
    "TEMPLATE": "template0",
}
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# Styles are not collected for tests; whitenoise warns of a folder that is not there, and a warning is an error.
(VAR / "static").mkdir(parents=True, exist_ok=True)
ALLOWED_HOSTS = ["*"]
AUDIT_ANCHORS = str(VAR / "anchors-of-tests.jsonl")
