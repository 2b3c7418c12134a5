"""Addresses of the payouts, under ``/payouts/``. An account is never named in one, but by a signed word."""

from django.urls import path

from messervices.foundations.payouts import views

app_name = "payouts"
urlpatterns = [
    path("", views.payouts, name="payouts"),
    path("bank-details", views.details, name="details"),
    path("bank-details/freeze", views.freeze_own, name="freeze_own"),
    path("freeze/<str:token>", views.freeze, name="freeze"),
]
