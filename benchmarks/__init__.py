"""What the platform costs, measured beside a peer in the same run; no test depends on it."""
