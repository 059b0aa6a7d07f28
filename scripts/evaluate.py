"""Judges a run's model on its own points or others. `python scripts/evaluate.py --help` tells how to call it."""

from mixfit.command_line import speaking_plainly
from mixfit.commands.evaluate import main

if __name__ == "__main__":
    with speaking_plainly():
        main()
