"""Step 1: read what is really there, as text, with its addresses."""
