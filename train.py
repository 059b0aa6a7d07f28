"""Fit a mixture: compose the configuration, then run one experiment. `python train.py --help` shows what there is."""

import hydra
from omegaconf import DictConfig

from mixfit.command_line import speaking_plainly, starting_quickly


@hydra.main(version_base="1.3", config_path="configs", config_name="train")
def main(config: DictConfig) -> None:
    """Runs the experiment that the configuration describes."""
    with starting_quickly():
        from mixfit.experiment import run  # torch and Lightning take seconds, and --help needs neither

    run(config)


if __name__ == "__main__":
    with speaking_plainly():
        main()
