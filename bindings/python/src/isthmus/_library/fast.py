"""Shorter ways to C, for the calls that need no more than a few checks.

A body takes the arguments only when each is plainly what C takes; for everything else, and for
every error, the long way in calls.py is taken, which says what is wrong. So nothing here may raise
or change anything before it is certain that the call can be made.
"""

from __future__ import annotations

from typing import Any


def body(parameters: Any, has_self: bool) -> tuple[str, dict[str, Any]]:
    """The source of a body that returns when it could make the call, and what it names."""
    return "", {}
