"""Second factors and passkeys: setting them up, using them, taking them away."""

from typing import Any

from allauth.account.internal.decorators import login_stage_required
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.stages import AuthenticateStage
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from allauth.mfa.webauthn.internal import auth as keys
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache

from messervices.foundations.accounts import forms, rules, selectors
from messervices.foundations.accounts.adapter import Factors
from messervices.foundations.accounts.views.limits import CalmForm, limited_by_network


@method_decorator(login_stage_required(stage=AuthenticateStage.key, redirect_urlname="account_login"), name="dispatch")
class AuthenticateView(mfa.AuthenticateView):
    """The second step of a sign-in: a code, a recovery code, or a passkey."""

    template_name = "accounts/authenticate.html"
    form_class = forms.AuthenticateForm
    webauthn_form_class = forms.AuthenticateWebAuthnForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Offer what the account has."""
        return super().get_context_data(**kwargs) | {"ways": selectors.ways_of(self.stage.login.user)}


class ReauthenticateView(CalmForm, mfa.ReauthenticateView):
    """Prove again who one is, by a code."""

    template_name = "accounts/reauthenticate_code.html"
    form_class = forms.ReauthenticateCodeForm


@method_decorator(never_cache, name="dispatch")
class ActivateTOTPView(CalmForm, totp.ActivateTOTPView):
    """Scan, type the code, done."""

    template_name = "accounts/code_activate.html"
    form_class = forms.ActivateTOTPForm


class DeactivateTOTPView(CalmForm, totp.DeactivateTOTPView):
    """Ask no code any more. Refused where it is the last factor of an agent."""

    template_name = "accounts/code_deactivate.html"


@method_decorator(never_cache, name="dispatch")
class RecoveryCodesView(recovery.ViewRecoveryCodesView):
    """The codes for the day the telephone is lost."""

    template_name = "accounts/recovery_codes.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Say where the way goes on: whoever has just set up a factor was on their way somewhere."""
        home = settings.LOGIN_REDIRECT_BY_KIND.get(self.request.user.kind, settings.LOGIN_REDIRECT_URL)
        return super().get_context_data(**kwargs) | {"home": home}


class GenerateRecoveryCodesView(recovery.GenerateRecoveryCodesView):
    """New codes; the old ones die."""

    template_name = "accounts/recovery_codes_generate.html"


class DownloadRecoveryCodesView(recovery.DownloadRecoveryCodesView):
    """The codes as a text to keep."""

    template_name = "accounts/recovery_codes.txt"

    def render_to_response(self, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        """Under a name that says what it is."""
        response: HttpResponse = super().render_to_response(context, **kwargs)
        response["Content-Disposition"] = 'attachment; filename="messervices-codes-de-secours.txt"'
        return response


@method_decorator(never_cache, name="dispatch")
class PasskeyAddView(CalmForm, webauthn.AddWebAuthnView):
    """Make a passkey on this device."""

    template_name = "accounts/passkey_add.html"
    form_class = forms.AddWebAuthnForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Ask the browser for a key that opens the account by itself, and to check who holds the device."""
        context = super().get_context_data(**kwargs)
        context["options"] = keys.begin_registration(self.request.user, True)
        context["ways"] = selectors.ways_of(self.request.user)
        return context


class PasskeyListView(webauthn.ListWebAuthnView):
    """The passkeys of the account."""

    template_name = "accounts/passkeys.html"


class PasskeyRemoveView(webauthn.RemoveWebAuthnView):
    """Take a passkey away; refused where the account could not be opened without it."""

    template_name = "accounts/passkey_remove.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Say at once when it cannot be."""
        may = selectors.may_remove(self.request.user, self.object)
        return super().get_context_data(**kwargs) | {"may": may}

    def form_valid(self, form: Any) -> HttpResponse:
        """Ask the rule, whatever the page offered."""
        if not selectors.may_remove(self.request.user, self.object):
            messages.error(self.request, Factors.error_messages["cannot_delete_authenticator"])
            return redirect("mfa_list_webauthn")
        return super().form_valid(form)


class PasskeyRenameView(CalmForm, webauthn.EditWebAuthnView):
    """Another name for a passkey."""

    template_name = "accounts/passkey_rename.html"
    form_class = forms.EditWebAuthnForm


@method_decorator(limited_by_network(rules.SIGN_IN_NETWORK, "passkey"), name="dispatch")
class PasskeyLoginView(webauthn.LoginWebAuthnView):
    """Sign in with a passkey: GET gives the browser its challenge, POST takes the answer."""

    form_class = forms.LoginWebAuthnForm

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Give the challenge."""
        if request.headers.get("Accept") != "application/json":
            return redirect("account_login")
        return JsonResponse(keys.begin_authentication(user=None))


class ReauthenticatePasskeyView(webauthn.ReauthenticateWebAuthnView):
    """Prove again who one is, by a passkey."""

    template_name = "accounts/reauthenticate_passkey.html"
    form_class = forms.ReauthenticateWebAuthnForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Give the challenge, and the other ways."""
        context = super().get_context_data(**kwargs)
        context["reauthentication_alternatives"] = self.get_reauthentication_alternatives()
        return context

    def form_invalid(self, form: Any) -> HttpResponse:
        """Come back to this page: whoever is here is signed in."""
        for message in form.errors.get("credential", []):
            messages.error(self.request, message)
        return redirect(self.passthrough_next_url(reverse("mfa_reauthenticate_webauthn")))
