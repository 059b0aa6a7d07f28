"""Ranks runs that are already there. `python scripts/leaderboard.py --help` tells how to call it."""

from mixfit.command_line import speaking_plainly
from mixfit.commands.leaderboard import main

if __name__ == "__main__":
    with speaking_plainly():
        main()
