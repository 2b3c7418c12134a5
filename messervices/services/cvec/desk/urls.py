"""Addresses under ``/desk/cvec/``."""

from django.urls import path

from messervices.services.cvec.desk import pages

app_name = "cvec_desk"
urlpatterns = [
    path("", pages.acquittements, name="acquittements"),
    path("<int:pk>", pages.acquittement, name="acquittement"),
]
