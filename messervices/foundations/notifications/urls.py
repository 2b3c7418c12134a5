"""Addresses that stand in our mails."""

from django.urls import path

from messervices.foundations.notifications import views

app_name = "messages"
urlpatterns = [path("stop/<str:token>", views.stop, name="stop")]
