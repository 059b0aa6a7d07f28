"""What a run's model says of every point. `python scripts/predict.py --help` tells how to call it."""

from mixfit.command_line import speaking_plainly
from mixfit.commands.predict import main

if __name__ == "__main__":
    with speaking_plainly():
        main()
