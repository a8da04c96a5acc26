"""The local stack: every part of the platform on one machine, on the loopback address only."""
