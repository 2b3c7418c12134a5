"""The living page of the components."""

from django.urls import path

from messervices.look import views

app_name = "look"
urlpatterns = [path("", views.design, name="design"), path("towns", views.towns, name="towns")]
