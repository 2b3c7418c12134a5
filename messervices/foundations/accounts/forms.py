"""Shapes of what is typed: allauth's forms with our words, one password field, and our limits."""

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from allauth.account import forms as account
from allauth.core import context
from allauth.mfa.base import forms as mfa
from allauth.mfa.totp import forms as totp
from allauth.mfa.webauthn import forms as webauthn
from django import forms
from django.contrib.auth import get_user_model
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from messervices.foundations.accounts import actions, rules

PASSWORD_RULE = _("12 caractères au moins. Une phrase de quelques mots est sûre, et facile à retenir.")


class _Email(forms.EmailField):
    """An address, in lower case; the keyboard neither corrects nor suggests."""

    def __init__(self, **kwargs: Any) -> None:
        attrs = {"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false", "inputmode": "email"}
        super().__init__(label=_("Adresse e-mail"), max_length=254, widget=forms.EmailInput(attrs), **kwargs)

    def clean(self, value: Any) -> str:
        """Check the shape, fold the capitals."""
        return str(super().clean(value)).lower()


def _password(label: Any, *, new: bool = False) -> forms.CharField:
    """A password that may be shown while it is typed (accounts.js adds the button)."""
    attrs = {
        "autocomplete": "new-password" if new else "current-password",
        "data-reveal": _("Afficher"),
        "data-hide": _("Masquer"),
    }
    hint = PASSWORD_RULE if new else ""
    return forms.CharField(label=label, strip=False, help_text=hint, max_length=128, widget=forms.PasswordInput(attrs))


def _code() -> forms.CharField:
    attrs = {"autocomplete": "one-time-code", "inputmode": "numeric", "spellcheck": "false"}
    return forms.CharField(label=_("Code"), max_length=20, widget=forms.TextInput(attrs))


class _NewPassword:
    """Mix-in: the field ``password1`` alone, checked as allauth does, against the account it is for."""

    fields: dict[str, forms.Field]

    def _shape(self, label: Any) -> None:
        checked = self.fields["password1"]
        self.fields.pop("password2", None)
        ours = _password(label, new=True)
        checked.label, checked.help_text, checked.widget = ours.label, ours.help_text, ours.widget


class LoginForm(account.LoginForm):
    """Address and password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Put our fields in place of allauth's."""
        super().__init__(*args, **kwargs)
        self.fields = {"login": _Email(), "password": _password(_("Mot de passe"))}


class SignupForm(account.SignupForm):
    """Address and password, or the address alone when a passkey is to be made."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Put our fields in place of allauth's."""
        super().__init__(*args, **kwargs)
        self.fields = {"email": _Email(help_text=_("Une adresse que vous garderez : une adresse, une personne."))}
        if not self.by_passkey:
            self.fields["password1"] = _password(_("Mot de passe"), new=True)

    def try_save(self, request: HttpRequest) -> tuple[Any, Any]:
        """Take as long when the address has an account as when it has none: hash the password all the same."""
        if self.account_already_exists:
            get_user_model()().set_password(self.cleaned_data.get("password1"))
        return super().try_save(request)


class ResetPasswordForm(account.ResetPasswordForm):
    """The address that the link goes to."""

    email = _Email()


class ResetPasswordKeyForm(_NewPassword, account.ResetPasswordKeyForm):
    """The new password, after the link."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """One field."""
        super().__init__(*args, **kwargs)
        self._shape(_("Nouveau mot de passe"))


class SetPasswordForm(_NewPassword, account.SetPasswordForm):
    """A first password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """One field."""
        super().__init__(*args, **kwargs)
        self._shape(_("Mot de passe"))


class ChangePasswordForm(_NewPassword, account.ChangePasswordForm):
    """The present password, then the new one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Two fields."""
        super().__init__(*args, **kwargs)
        self.fields["oldpassword"] = _password(_("Mot de passe actuel"))
        self._shape(_("Nouveau mot de passe"))

    def clean_oldpassword(self) -> str:
        """Count the tries: an open session on a shared computer is no place to guess from."""
        spent = (rules.PASSWORD_ACCOUNT, "old_password", self.user.pk)
        actions.insist(spent[0], context.request.now, *spent[1:])
        answer = str(super().clean_oldpassword())
        actions.give_back(*spent)
        return answer


class ReauthenticateForm(account.ReauthenticateForm):
    """The password, once more."""

    password = _password(_("Mot de passe"))


class ConfirmPasswordForm(forms.Form):
    """The password chosen at sign-up, when the link is followed in another browser."""

    password = _password(_("Mot de passe choisi à l’inscription"))


class EmailChangeForm(forms.Form):
    """The new address."""

    email = _Email()


def _spend_code(user_id: int) -> list[tuple[Any, ...]]:
    """Count a try of a six-figure code; give what to give back when it was right."""
    spent: list[tuple[Any, ...]] = [(rules.CODE_SHORT, "code", user_id), (rules.CODE_DAY, "code_day", user_id)]
    for rate, *parts in spent:
        actions.insist(rate, context.request.now, *parts)
    return spent


class _Counted:
    """Mix-in: tries of a code are counted, and a code that was used is used, in whichever process."""

    user: Any
    cleaned_data: dict[str, Any]

    def clean_code(self) -> str:
        """Check the code. Raises ``TooMany``, or ``incorrect_code`` for a wrong or used one."""
        self.cleaned_data["code"] = "".join(self.cleaned_data["code"].split())
        spent = _spend_code(self.user.pk)
        code = str(super().clean_code())  # type: ignore[misc]  # a mix-in: the form has it
        if not actions.take_rate(rules.CODE_ONCE, context.request.now, "used", self.user.pk, code):
            raise forms.ValidationError(_("Ce code a déjà servi. Attendez le suivant."), code="used_code")
        for taken in spent:
            actions.give_back(*taken)
        return code


class AuthenticateForm(_Counted, mfa.AuthenticateForm):
    """The code of the application, or a recovery code, after the password."""

    code = _code()


class ReauthenticateCodeForm(_Counted, mfa.ReauthenticateForm):
    """The code, once more."""

    code = _code()


class ActivateTOTPForm(_Counted, totp.ActivateTOTPForm):
    """The first code of an application just set up."""

    code = _code()


_NONSENSE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, struct.error, forms.ValidationError)
"""What reading a credential may raise: it is bytes from outside, and neither allauth nor fido2 expects any."""


@contextmanager
def _reading_key() -> Iterator[None]:
    """Turn whatever is wrong with a credential into one sentence; a limit stays a limit."""
    try:
        yield
    except actions.TooMany:
        raise
    except _NONSENSE as error:
        sentence = _("La clé d’accès n’a pas été reconnue. Réessayez, ou choisissez un autre moyen.")
        raise forms.ValidationError(sentence, code="incorrect_key") from error


class _Key:
    """Mix-in of the forms that take a passkey's answer."""

    def clean_credential(self) -> Any:
        """Check the answer. Raises ``incorrect_key``."""
        with _reading_key():
            return super().clean_credential()  # type: ignore[misc]  # a mix-in: the form has it


def _credential() -> forms.JSONField:
    """What the browser answered, put there by script."""
    return forms.JSONField(label=_("Clé d’accès"), widget=forms.HiddenInput)


class AuthenticateWebAuthnForm(_Key, webauthn.AuthenticateWebAuthnForm):
    """A passkey, after the password."""

    credential = _credential()


class LoginWebAuthnForm(_Key, webauthn.LoginWebAuthnForm):
    """A passkey alone."""

    credential = _credential()


class ReauthenticateWebAuthnForm(_Key, webauthn.ReauthenticateWebAuthnForm):
    """A passkey, once more."""

    credential = _credential()


class AddWebAuthnForm(webauthn.AddWebAuthnForm):
    """A name, and what the browser answered. Always a passkey: it opens the account by itself."""

    name = forms.CharField(label=_("Nom de cette clé"), max_length=60, required=False)
    passwordless = None
    credential = _credential()

    def clean(self) -> dict[str, Any]:
        """Check the answer. Raises ``incorrect_key``."""
        with _reading_key():
            return super().clean()


class EditWebAuthnForm(webauthn.EditWebAuthnForm):
    """Another name."""

    name = forms.CharField(label=_("Nom de cette clé"), max_length=60)
