"""Addresses under ``/desk/cvec/``."""

from django.urls import path

from messervices.services.cvec.desk import establishments, pages, requests

app_name = "cvec_desk"
urlpatterns = [
    path("", pages.acquittements, name="acquittements"),
    path("establishments/", establishments.establishments, name="establishments"),
    path("establishments/<int:pk>/", establishments.registration, name="registration"),
    path("establishments/daughters/<int:pk>", establishments.affiliation, name="affiliation"),
    path("requests/", requests.requests, name="requests"),
    path("requests/<int:pk>", requests.one_request, name="request"),
    path("<int:pk>", pages.acquittement, name="acquittement"),
]
