"""A user without rights, for tests of what belongs to whom. Only root can be two users."""

import os

USER = 65534  # nobody


def is_root():
    return os.geteuid() == 0


def as_user():
    """For `preexec`."""
    os.setgroups([])
    os.setgid(USER)
    os.setuid(USER)
