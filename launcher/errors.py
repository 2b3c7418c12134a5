"""The one error of the launcher."""


class LaunchError(Exception):
    """Something a person can put right; its text says what happened and what to do. Shown without a traceback."""
