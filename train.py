"""Fit a mixture. `python train.py --help` shows what there is; `mixfit train` is the same, once installed."""

from mixfit.commands.train import main

if __name__ == "__main__":
    main()
