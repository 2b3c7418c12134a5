"""The account itself: its address, its password, its devices."""

from typing import Any

from allauth.account import views as allauth
from allauth.account.decorators import reauthentication_required
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.generic import View
from django.views.generic.edit import FormView

from messervices.foundations.accounts import actions, forms, rules, selectors
from messervices.foundations.accounts.actions import change_email, end_sessions
from messervices.foundations.accounts.views.limits import CalmForm, limited_by_network


@login_required
@never_cache
def home(request: Any) -> HttpResponse:
    """Everything about how one signs in, on one page."""
    context = {
        "ways": selectors.ways_of(request.user),
        "change": selectors.email_change_of(request.user, request.now),
        "sessions": selectors.sessions_of(request.user, request.session.session_key),
        "work": settings.LOGIN_REDIRECT_BY_KIND.get(request.user.kind, ""),
    }
    return render(request, "accounts/home.html", context)


class PasswordChangeView(CalmForm, allauth.PasswordChangeView):
    """The present password, then the new one."""

    template_name = "accounts/password_change.html"
    form_class = forms.ChangePasswordForm

    def form_valid(self, form: Any) -> HttpResponse:
        """Change it, end the other sessions, write the deed and the notice: together, or nothing."""
        with transaction.atomic():
            return super().form_valid(form)


@method_decorator(login_required, name="dispatch")
@method_decorator(reauthentication_required(app="allauth.account"), name="dispatch")
class PasswordSetView(CalmForm, allauth.PasswordSetView):
    """A first password, for an account that signs in by passkey."""

    template_name = "accounts/password_set.html"
    form_class = forms.SetPasswordForm

    def form_valid(self, form: Any) -> HttpResponse:
        """Set it, write the deed and the notice: together, or nothing."""
        with transaction.atomic():
            return super().form_valid(form)


class ReauthenticateView(CalmForm, allauth.ReauthenticateView):
    """Prove again who one is, by the password: only where there is no stronger way."""

    template_name = "accounts/reauthenticate.html"
    form_class = forms.ReauthenticateForm


@method_decorator(login_required, name="dispatch")
@method_decorator(reauthentication_required(app="allauth.account"), name="dispatch")
@method_decorator(never_cache, name="dispatch")
class EmailView(CalmForm, FormView):
    """Ask for another address. Both mailboxes will have to say yes."""

    template_name = "accounts/email.html"
    form_class = forms.EmailChangeForm
    request: Any

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Show what is under way."""
        return super().get_context_data(**kwargs) | {
            "change": selectors.email_change_of(self.request.user, self.request.now)
        }

    def form_valid(self, form: Any) -> HttpResponse:
        """Write to both addresses. The page says the same whether the new one has an account or not."""
        user, now = self.request.user, self.request.now
        if form.cleaned_data["email"] == user.email:
            form.add_error("email", _("C’est déjà votre adresse."))
            return self.form_invalid(form)
        try:
            actions.insist(rules.EMAIL_CHANGE_ACCOUNT, now, "change_email", user.pk)
        except actions.TooMany as error:
            form.add_error(None, error)
            return self.form_invalid(form)
        path = reverse("account_email_confirm", args=["TOKEN"])
        change_email.ask_email_change(
            user=user, new_email=form.cleaned_data["email"], link=self.request.build_absolute_uri(path), now=now
        )
        return redirect("account_email")


@method_decorator(login_required, name="dispatch")
class EmailDropView(View):
    """Keep the present address after all."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """Forget the change under way."""
        change_email.drop_email_change(user=request.user)  # type: ignore[arg-type]  # signed in, by the decorator
        messages.info(request, _("Votre adresse ne change pas. Les liens envoyés ne marchent plus."))
        return redirect("account_home")


@method_decorator(never_cache, name="dispatch")
@method_decorator(limited_by_network(rules.LINK_NETWORK, "link"), name="dispatch")
class EmailConfirmView(View):
    """One of the two links. Nobody needs to be signed in to follow it; the button does it, not the link."""

    def get(self, request: Any, token: str) -> HttpResponse:
        """Say which step it is."""
        found = selectors.email_change_by_token(token, request.now)
        if found is None:
            return render(request, "accounts/link_dead.html", status=410)
        change, side = found
        return render(request, "accounts/email_confirm.html", {"side": side, "new_email": change.new_email})

    def post(self, request: Any, token: str) -> HttpResponse:
        """Note it; say what is still missing, or that it is done."""
        found = selectors.email_change_by_token(token, request.now)
        own = found and request.user.is_authenticated and request.user.pk == found[0].user_id
        current = request.session.session_key if own else ""
        change, side, done = change_email.confirm_email_change(token=token, current=current or "", now=request.now)
        context = {"side": side, "done": done, "new_email": change.new_email}
        return render(request, "accounts/email_confirmed.html", context)


@method_decorator(login_required, name="dispatch")
@method_decorator(never_cache, name="dispatch")
class SessionsView(View):
    """The devices signed in, and how to end what they hold."""

    def get(self, request: Any) -> HttpResponse:
        """List them."""
        lines = selectors.sessions_of(request.user, request.session.session_key)
        return render(request, "accounts/sessions.html", {"sessions": lines})

    def post(self, request: Any) -> HttpResponse:
        """End one (``end`` holds its mark), or all others; ending one's own is signing out."""
        mark, key = request.POST.get("end", ""), request.session.session_key
        if mark == "others":
            end_sessions.end_other_sessions(user=request.user, current=key)
            messages.success(request, _("Tous vos autres appareils sont déconnectés."))
        elif mark == rules.limit_key("session", key):
            logout(request)
            return redirect("account_login")
        elif end_sessions.end_session(user=request.user, mark=mark):
            messages.success(request, _("L’appareil est déconnecté."))
        return redirect("account_sessions")
