"""Addresses of the desk. A person is named by a random number, a case or an event by its own: never by name or INE."""

from django.urls import path

from messervices.desk.views import cases, facts, files, home, search

app_name = "desk"
urlpatterns = [
    path("", home.home, name="home"),
    path("me", home.me, name="me"),
    path("search", search.search, name="search"),
    path("students/<uuid:uuid>/", files.file, name="file"),
    path("students/<uuid:uuid>/open", files.open_file, name="open"),
    *(
        path(f"students/<uuid:uuid>/{part}", files.file, {"part": part}, name=f"file_{part}")
        for part, _label in files.TABS
        if part
    ),
    path("students/<uuid:uuid>/correct/<slug:kind>/", facts.correct, name="correct"),
    path("communes", facts.communes, name="communes"),
    path("ine/<int:number>/", cases.case, name="case"),
]
