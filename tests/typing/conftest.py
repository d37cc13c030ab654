"""The wrong programs are for the type checker only: doctest's collection would run them."""

collect_ignore = ["wrong_usage.py"]
