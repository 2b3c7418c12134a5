"""Addresses of accounts. The names are allauth's where allauth looks for them; only what we use is there."""

from django.urls import path, re_path

from messervices.foundations.accounts.views import account, entrance, factors

urlpatterns = [
    path("", account.home, name="account_home"),
    path("login/", entrance.LoginView.as_view(), name="account_login"),
    path("logout/", entrance.LogoutView.as_view(), name="account_logout"),
    path("inactive/", entrance.InactiveView.as_view(), name="account_inactive"),
    path("signup/", entrance.SignupView.as_view(), name="account_signup"),
    path("signup/passkey/", entrance.SignupByPasskeyView.as_view(), name="account_signup_by_passkey"),
    path("confirm/", entrance.SentView.as_view(), name="account_email_verification_sent"),
    path("confirm/<str:key>/", entrance.ConfirmEmailView.as_view(), name="account_confirm_email"),
    path("reauthenticate/", account.ReauthenticateView.as_view(), name="account_reauthenticate"),
    path("password/", account.PasswordChangeView.as_view(), name="account_change_password"),
    path("password/set/", account.PasswordSetView.as_view(), name="account_set_password"),
    path("password/reset/", entrance.PasswordResetView.as_view(), name="account_reset_password"),
    path("password/reset/sent/", entrance.PasswordResetDoneView.as_view(), name="account_reset_password_done"),
    path(
        "password/reset/done/",
        entrance.PasswordResetFromKeyDoneView.as_view(),
        name="account_reset_password_from_key_done",
    ),
    re_path(
        r"^password/reset/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>[^/]+)/$",
        entrance.PasswordResetFromKeyView.as_view(),
        name="account_reset_password_from_key",
    ),
    path("email/", account.EmailView.as_view(), name="account_email"),
    path("email/keep/", account.EmailDropView.as_view(), name="account_email_keep"),
    path("email/confirm/<str:token>/", account.EmailConfirmView.as_view(), name="account_email_confirm"),
    path("sessions/", account.SessionsView.as_view(), name="account_sessions"),
    path("factors/", account.home, name="mfa_index"),
    path("factors/sign-in/", factors.AuthenticateView.as_view(), name="mfa_authenticate"),
    path("factors/reauthenticate/", factors.ReauthenticateView.as_view(), name="mfa_reauthenticate"),
    path("factors/code/activate/", factors.ActivateTOTPView.as_view(), name="mfa_activate_totp"),
    path("factors/code/deactivate/", factors.DeactivateTOTPView.as_view(), name="mfa_deactivate_totp"),
    path("factors/recovery/", factors.RecoveryCodesView.as_view(), name="mfa_view_recovery_codes"),
    path("factors/recovery/new/", factors.GenerateRecoveryCodesView.as_view(), name="mfa_generate_recovery_codes"),
    path("factors/recovery/file/", factors.DownloadRecoveryCodesView.as_view(), name="mfa_download_recovery_codes"),
    path("factors/passkeys/", factors.PasskeyListView.as_view(), name="mfa_list_webauthn"),
    path("factors/passkeys/add/", factors.PasskeyAddView.as_view(), name="mfa_add_webauthn"),
    path("factors/passkeys/sign-in/", factors.PasskeyLoginView.as_view(), name="mfa_login_webauthn"),
    path(
        "factors/passkeys/reauthenticate/",
        factors.ReauthenticatePasskeyView.as_view(),
        name="mfa_reauthenticate_webauthn",
    ),
    path("factors/passkeys/<int:pk>/remove/", factors.PasskeyRemoveView.as_view(), name="mfa_remove_webauthn"),
    path("factors/passkeys/<int:pk>/rename/", factors.PasskeyRenameView.as_view(), name="mfa_edit_webauthn"),
]
