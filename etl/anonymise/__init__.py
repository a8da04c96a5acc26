"""Step 3: generalise and suppress what would identify somebody."""
