"""Addresses of the payments, under ``/pay/``."""

from django.urls import path

from messervices.foundations.payments import views

app_name = "pay"
urlpatterns = [
    # Who got a link. What follows its secret comes first; whatever else is asked there is a link cut short or invented.
    path("link/back/<uuid:uuid>", views.payer_back, name="payer_back"),
    path("link/<str:token>/go", views.payer_go, name="payer_go"),
    path("link/<str:token>/no", views.payer_refuse, name="payer_refuse"),
    path("link/<str:token>/state", views.payer_state, name="payer_state"),
    path("link/<str:token>/receipt", views.payer_receipt, name="payer_receipt"),
    path("link/<str:token>/mail", views.payer_mail, name="payer_mail"),
    path("link/<path:token>", views.payer, name="payer"),
    path("link/", views.payer, {"token": ""}, name="payer_cut"),
    path("<uuid:uuid>/", views.show, name="show"),
    path("<uuid:uuid>/go", views.go, name="go"),
    path("<uuid:uuid>/back", views.back, name="back"),
    path("<uuid:uuid>/state", views.state, name="state"),
    path("<uuid:uuid>/link", views.standing, name="link"),
    path("<uuid:uuid>/link/new", views.make, name="link_new"),
    path("<uuid:uuid>/link/cancel", views.cancel, name="link_cancel"),
    path("<uuid:uuid>/link/mail", views.mail, name="link_mail"),
    path("<uuid:uuid>/link/state", views.link_state, name="link_state"),
]
