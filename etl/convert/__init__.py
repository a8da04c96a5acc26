"""Step 4: write the very files that would be published."""
