"""Addresses under ``/desk/cvec/``."""

from django.urls import path

from messervices.services.cvec import desk

app_name = "cvec_desk"
urlpatterns = [
    path("", desk.acquittements, name="acquittements"),
    path("<int:pk>", desk.acquittement, name="acquittement"),
]
