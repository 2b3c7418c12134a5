from messervices.desk.views import cases, facts, files, home, search

__all__ = ["cases", "facts", "files", "home", "search"]
