"""What personal data looks like, and how to find it in a column."""
