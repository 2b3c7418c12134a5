"""Readers of what a bank and its card platforms send: each gives the same few words, whatever the format."""
