"""Fit a mixture: compose the configuration, then run one experiment. `python train.py --help` shows what there is."""

from omegaconf import DictConfig

from mixfit.command_line import check, command, starting_quickly


def main(config: DictConfig) -> None:
    """Runs the experiment that the configuration describes."""
    check(config)
    with starting_quickly():
        from mixfit.experiment import run  # torch and Lightning take seconds, and what comes before needs neither

    run(config)


if __name__ == "__main__":
    command(main)
