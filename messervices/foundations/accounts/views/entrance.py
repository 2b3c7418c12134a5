"""The way in: signing up, confirming, signing in, a forgotten password, leaving."""

from http import HTTPStatus
from typing import Any

from allauth.account import views as allauth
from allauth.account.internal import flows
from allauth.account.models import Login, get_emailconfirmation_model
from allauth.account.stages import EmailVerificationStage, LoginStageController
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import TemplateView, View

from messervices.foundations.accounts import actions, adapter, forms, rules, selectors
from messervices.foundations.accounts.views.limits import CalmForm, limited_by_network


class LoginView(CalmForm, allauth.LoginView):
    """Address and password, or a passkey."""

    template_name = "accounts/login.html"
    form_class = forms.LoginForm


@method_decorator(limited_by_network(rules.SIGN_UP_NETWORK, "sign_up"), name="dispatch")
class SignupView(CalmForm, allauth.SignupView):
    """An account with a password. The answer is the same whether the address has an account or not."""

    template_name = "accounts/signup.html"
    form_class = forms.SignupForm

    def form_valid(self, form: Any) -> HttpResponse:
        """Make the account and its mail together, or neither."""
        with transaction.atomic():
            return super().form_valid(form)


class SignupByPasskeyView(SignupView):
    """An account without password: the passkey is made right after the address is confirmed."""

    template_name = "accounts/signup_passkey.html"

    def get_form_kwargs(self) -> dict[str, Any]:
        """Ask for the address only. allauth's own stage of a passkey needs a code by mail; ours is in ``adapter``."""
        return super().get_form_kwargs() | {"by_passkey": True}


def _pending(request: HttpRequest) -> Login | None:
    """The sign-up or sign-in that waits for its address to be confirmed, in this browser."""
    stage = LoginStageController.enter(request, EmailVerificationStage.key)
    return stage.login if stage else None


@method_decorator(never_cache, name="dispatch")
@method_decorator(limited_by_network(rules.SIGN_UP_NETWORK, "send_again"), name="dispatch")
class SentView(TemplateView):
    """The link is on its way; it can be sent again from here."""

    template_name = "accounts/sent.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Show the address that was typed, the same whether it has an account or not."""
        login = _pending(self.request)
        email = (login.email or login.user.email) if login and (login.email or login.user) else ""
        return super().get_context_data(**kwargs) | {"email": email}

    def post(self, request: HttpRequest) -> HttpResponse:
        """Send the link once more, as far as the limits of the address allow; say so in any case."""
        login = _pending(request)
        if login:
            with transaction.atomic():
                flows.email_verification.send_verification_email_at_login(request, login)
        messages.info(request, _("Si rien n’arrive d’ici quelques minutes, regardez dans les indésirables."))
        return redirect("account_email_verification_sent")


@method_decorator(never_cache, name="dispatch")
@method_decorator(sensitive_post_parameters("password"), name="dispatch")
@method_decorator(limited_by_network(rules.LINK_NETWORK, "link"), name="dispatch")
class ConfirmEmailView(View):
    """The link that proves an address. It does nothing until its button is pressed: mail scanners open links.

    In the browser of the sign-up the button is enough. Elsewhere the password chosen at sign-up is asked, so that
    somebody who signed up with another's address cannot have it confirmed by its owner's absent-minded click. An
    account that waits for its first passkey has no password: whoever holds the mailbox makes the key, and is its owner.
    """

    def get(self, request: HttpRequest, key: str) -> HttpResponse:
        """Say what the link will do."""
        link = get_emailconfirmation_model().from_key(key)
        return self._page(request, link) if link else self._dead(request)

    def post(self, request: HttpRequest, key: str) -> HttpResponse:
        """Confirm the address and go on signed in."""
        link = get_emailconfirmation_model().from_key(key)
        if not link:
            return self._dead(request)
        user = link.email_address.user
        if request.user.is_authenticated and request.user.pk != user.pk:
            flows.logout.logout(request, show_message=False)
        if not self._needs_password(request, user):
            return self._confirm(request, link, method="")
        form = forms.ConfirmPasswordForm(request.POST)
        if not form.is_valid():
            return self._page(request, link, form)
        try:
            found = adapter.Adapter(request).authenticate(
                request, email=user.email, password=form.cleaned_data["password"]
            )
        except actions.TooMany as error:
            form.add_error("password", error)
            return self._page(request, link, form, HTTPStatus.TOO_MANY_REQUESTS)
        if found is None:
            form.add_error("password", adapter.Adapter.error_messages["incorrect_password"])
            return self._page(request, link, form)
        return self._confirm(request, link, method="password")

    def _needs_password(self, request: HttpRequest, user: Any) -> bool:
        login = _pending(request)
        return user.has_usable_password() and not (login and login.user and login.user.pk == user.pk)

    def _confirm(self, request: HttpRequest, link: Any, *, method: str) -> HttpResponse:
        """Mark the address as proven, then go on with the sign-up, or sign in; ``method`` is how one proved oneself."""
        user = link.email_address.user
        with transaction.atomic():
            address, response = flows.email_verification.verify_email_and_resume(request, link)
            if address is None:
                return redirect("account_login")
            if response is None:
                if method:
                    flows.login.record_authentication(request, user, method=method)
                response = flows.login.perform_login(request, Login(user=user, signup=True))
            return response

    def _page(self, request: HttpRequest, link: Any, form: Any = None, status: int = HTTPStatus.OK) -> HttpResponse:
        user = link.email_address.user
        context = {
            "email": link.email_address.email,
            "is_bare": selectors.ways_of(user).is_bare,
            "form": (form or forms.ConfirmPasswordForm()) if self._needs_password(request, user) else None,
        }
        return render(request, "accounts/confirm.html", context, status=status)

    def _dead(self, request: HttpRequest) -> HttpResponse:
        return render(request, "accounts/link_dead.html", status=HTTPStatus.GONE)


@method_decorator(limited_by_network(rules.RESET_NETWORK, "reset"), name="dispatch")
class PasswordResetView(CalmForm, allauth.PasswordResetView):
    """Ask for a link. The answer is the same whether the address has an account or not."""

    template_name = "accounts/password_reset.html"
    form_class = forms.ResetPasswordForm

    def form_valid(self, form: Any) -> HttpResponse:
        """Write the mail."""
        with transaction.atomic():
            return super().form_valid(form)


class PasswordResetDoneView(allauth.PasswordResetDoneView):
    """The link is on its way."""

    template_name = "accounts/password_reset_done.html"


@method_decorator(never_cache, name="dispatch")
@method_decorator(limited_by_network(rules.LINK_NETWORK, "link"), name="dispatch")
class PasswordResetFromKeyView(CalmForm, allauth.PasswordResetFromKeyView):
    """Choose a new password. Who has a second factor will still be asked for it when signing in."""

    template_name = "accounts/password_reset_from_key.html"
    form_class = forms.ResetPasswordKeyForm
    success_url = reverse_lazy("account_reset_password_from_key_done")

    def form_valid(self, form: Any) -> HttpResponse:
        """Change it, end every session, write the deed and the notice: together, or nothing."""
        with transaction.atomic():
            return super().form_valid(form)


class PasswordResetFromKeyDoneView(allauth.PasswordResetFromKeyDoneView):
    """The new password is there."""

    template_name = "accounts/password_reset_from_key_done.html"


class LogoutView(allauth.LogoutView):
    """Leave, by a button: a link alone signs nobody out."""

    template_name = "accounts/logout.html"


class InactiveView(allauth.AccountInactiveView):
    """The account is closed."""

    template_name = "accounts/inactive.html"
