"""Step 5: measure the written files with another engine, and sign what was measured."""
