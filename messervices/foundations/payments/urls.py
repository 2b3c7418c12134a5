"""Addresses of the payments, under ``/pay/``."""

from django.urls import path

from messervices.foundations.payments import views

app_name = "pay"
urlpatterns = [
    path("<uuid:uuid>/", views.show, name="show"),
    path("<uuid:uuid>/go", views.go, name="go"),
    path("<uuid:uuid>/back", views.back, name="back"),
    path("<uuid:uuid>/state", views.state, name="state"),
]
