"""The ledger: what was claimed, what each run did, what was decided, what is live."""
