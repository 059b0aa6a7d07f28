"""Compares runs on the same points. `python scripts/compare.py --help` tells how to call it."""

from mixfit.command_line import speaking_plainly
from mixfit.commands.compare import main

if __name__ == "__main__":
    with speaking_plainly():
        main()
