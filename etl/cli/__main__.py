"""`python -m etl.cli` is the command `madang`."""

from etl.cli.main import main

if __name__ == "__main__":
    main()
