"""Addresses under ``/desk/cvec/``."""

from django.urls import path

from messervices.services.cvec.desk import establishments, pages, requests, sharing

app_name = "cvec_desk"
urlpatterns = [
    path("", pages.acquittements, name="acquittements"),
    path("establishments/", establishments.establishments, name="establishments"),
    path("establishments/<int:pk>/", establishments.registration, name="registration"),
    path("establishments/daughters/<int:pk>", establishments.affiliation, name="affiliation"),
    path("requests/", requests.requests, name="requests"),
    path("requests/<int:pk>", requests.one_request, name="request"),
    path("sharing/", sharing.sharings, name="sharings"),
    path("sharing/<int:pk>/", sharing.sharing, name="sharing"),
    path("sharing/<int:pk>/<slug:step>", sharing.step, name="sharing_step"),
    path("sharing/shares/<int:pk>/", sharing.share, name="share"),
    path("sharing/shares/<int:pk>/letter.pdf", sharing.letter, name="share_letter"),
    path("sharing/classes/", sharing.classes, name="classes"),
    path("sharing/classes/<str:uai>", sharing.one_class, name="class"),
    path("<int:pk>", pages.acquittement, name="acquittement"),
]
