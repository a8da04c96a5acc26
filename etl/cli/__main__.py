"""`python -m etl.cli` is the command `madang`."""

from etl.cli.main import main

main()
