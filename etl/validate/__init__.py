"""Step 2: cast landed text to the contract's types, judge it, set bad rows apart."""
