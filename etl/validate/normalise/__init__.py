"""Spellings that departments use, brought to the one form of a type."""
