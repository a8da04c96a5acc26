"""Step 6: switch the catalogue to the certified files, all of it in one act."""
