"""Writes of the demonstration: it opens accounts and walks people through the rooms' own actions."""
