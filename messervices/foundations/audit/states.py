"""What opening a file is, for every room that shows some of it."""

from datetime import timedelta

OPEN_FILE = "desk:file:open"
"""The right to open files, declared by the desk."""

FILE = "file"
"""What a reading is of when an agent said why and opened the whole file."""

OPEN_FOR = timedelta(hours=1)
"""A reason holds that long; after that it is asked, and written, again."""
