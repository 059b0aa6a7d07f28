"""Draws new points from a run's model. `python scripts/sample.py --help` tells how to call it."""

from mixfit.command_line import speaking_plainly
from mixfit.commands.sample import main

if __name__ == "__main__":
    with speaking_plainly():
        main()
