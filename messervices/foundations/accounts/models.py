"""Who signs in. Nothing of what they are to the Crous: that is ``students`` and ``crous``."""

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from messervices.foundations.accounts.states import Kind, Language


class UserManager(BaseUserManager["User"]):
    """Makes users; an e-mail is one person's, whatever the capitals."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Make a user. ``password`` ``None`` leaves the account without one (passkey)."""
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        """Find by e-mail, whatever the capitals."""
        return self.get(email=(username or "").strip().lower())


class User(AbstractBaseUser):
    """An account: one e-mail, one person.

    The scope stands on the row (``person_id``, ``crous_ids``, ``rights``, ``national``), written by the actions of
    ``students`` and ``crous``: a request learns who acts, and for whom, from the query that reads its session.
    """

    email = models.EmailField(max_length=254, unique=True)
    kind = models.CharField(max_length=16, choices=Kind.choices, default=Kind.STUDENT)
    language = models.CharField(max_length=2, choices=Language.choices, default=Language.FRENCH)
    label = models.CharField(max_length=200, blank=True)
    person_id = models.BigIntegerField(null=True, blank=True, unique=True)
    crous_ids = ArrayField(models.IntegerField(), default=list, blank=True)
    rights = ArrayField(models.CharField(max_length=64), default=list, blank=True)
    national = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        """The e-mail is kept in lower case, so that it is unique whatever the capitals."""

        constraints = [models.CheckConstraint(condition=Q(email=Lower("email")), name="user_email_folded")]

    def __str__(self) -> str:
        """The number: an e-mail must not reach a log by accident."""
        return f"user {self.pk}"

    def get_short_name(self) -> str:
        """What the platform calls them before they said who they are."""
        return self.label

    @property
    def is_staff(self) -> bool:
        """Django's own admin is not used."""
        return False


class Session(AbstractBaseSession):
    """A session that knows whose it is, so that one query reads both and one deletes all of a person's."""

    user = models.ForeignKey(User, null=True, on_delete=models.CASCADE, related_name="sessions")

    class Meta:
        """Named like Django's."""

        verbose_name = "session"

    @classmethod
    def get_session_store_class(cls) -> Any:
        """Our store."""
        from messervices.foundations.accounts.sessions import SessionStore  # noqa: PLC0415 - they name each other

        return SessionStore
