from messervices.desk.views import agents, bank, cases, facts, files, home, network, search

__all__ = ["agents", "bank", "cases", "facts", "files", "home", "network", "search"]
