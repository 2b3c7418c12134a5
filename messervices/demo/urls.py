"""Addresses of the demonstration."""

from django.urls import path

from messervices.demo import views

app_name = "demo"
urlpatterns = [
    path("", views.home, name="home"),
    path("codes", views.codes, name="codes"),
    path("mail/", views.mails, name="mails"),
    path("mail/<str:name>/", views.mail, name="mail"),
    path("mail/<str:name>/html", views.html, name="html"),
    path("mail/<str:name>/<int:place>", views.attachment, name="attachment"),
]
