"""Where the profiles are."""

from __future__ import annotations

import os

from headrace.config.files import user_file
from headrace.config.profiles import Profiles


def profiles() -> Profiles:
    """The profiles of the person who types."""
    return Profiles(user_file(os.environ))
