"""The command line; it stands on everything else, and nothing stands on it."""
