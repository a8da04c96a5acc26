"""Propose a contract for a file; a person decides the roles."""
