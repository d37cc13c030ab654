"""What ``docs/generate.py`` makes pages of: a module for each kind of page."""
