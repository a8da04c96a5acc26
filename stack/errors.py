"""What can keep the stack from standing, said to whoever started it."""

from __future__ import annotations


class StackError(Exception):
    """The stack cannot do what was asked; the message says what, where and what to do next."""


class WrongUseError(StackError):
    """The command or a setting was given wrongly; nothing was touched."""
