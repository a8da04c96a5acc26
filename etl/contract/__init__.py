"""What a dataset is: one file, from which everything else follows."""
