"""Finding the account behind a session or an e-mail."""

from allauth.account.auth_backends import AuthenticationBackend

from messervices.foundations.accounts.models import User


class Backend(AuthenticationBackend):
    """allauth's sign-in by e-mail; the user of a session comes with the session itself (see ``middleware``)."""

    def get_user(self, user_id: int) -> User | None:
        """Find an active account by number."""
        return User.objects.filter(pk=user_id, is_active=True).first()
