"""Addresses of the notices, under ``/cash/``: a random number names one, never its reference."""

from django.urls import path

from messervices.foundations.cash import views

app_name = "cash"
urlpatterns = [
    path("<uuid:uuid>/", views.notice, name="notice"),
    path("<uuid:uuid>/phone", views.on_phone, name="on_phone"),
    path("<uuid:uuid>/sheet", views.sheet, name="sheet"),
    path("<uuid:uuid>/notice.pdf", views.pdf, name="pdf"),
    path("<uuid:uuid>/cancel", views.cancel, name="cancel"),
]
