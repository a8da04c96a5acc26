"""The folders that departments drop files into, and what they find there afterwards."""
