"""How long does `python train.py` take, from the prompt to the prompt, beside the demo that the project began with?

Both start Python, import torch and fit 1000 points on a line. The one draws a picture, keeps checkpoints and writes
TensorBoard's file; the other prints ten lines. How good their fits are is compared too.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import torch

from mixfit.data.bimodal import Bimodal
from mixfit.mixtures.density import Density
from mixfit.tracking.metrics import true_nll
from scripts.benchmarks.race import median_of, race, ratio_of, seconds_of
from scripts.benchmarks.result import Repetition, Repetitions
from scripts.benchmarks.table import Table, met

ROOT = Path(__file__).resolve().parents[2]
TARGET = 1.5  # times the demo's wall time
ROUNDS = 5
OURS, DEMO = "train.py", "seed_demo.py"


def measure() -> Repetitions:
    """Five rounds, each with a seed of its own."""
    return race({OURS: _ours, DEMO: _demo}, ROUNDS)


def table(repetitions: Repetitions) -> Table:
    """Seconds, their ratio, and the excess NLL of both fits."""
    ratio = ratio_of(repetitions, OURS, DEMO)
    rows = [
        (OURS, *_numbers(repetitions, OURS), f"{ratio:.2f}", f"≤ {TARGET:g}", met(ratio <= TARGET)),
        (DEMO, *_numbers(repetitions, DEMO), "1", "-", "-"),
    ]
    inside = median_of(repetitions, OURS, "seconds_inside")
    threads = next(row["threads"] for row in repetitions if row["contestant"] == DEMO)
    notes = [
        "Seconds are wall time of the whole process; excess is NLL above the true density's on the 10,000 test points "
        "of the round's seed, in nats per point.",
        f"Of the time of {OURS} {inside:.2f} s are the experiment itself; before it come Python, imports and Hydra.",
        f"{DEMO} runs on torch's default of {threads} threads; {OURS} chooses one thread for so few points.",
    ]
    headings = ("command", "seconds", "median excess", "worst excess", "ratio", "target", "met")
    return Table(headings, rows, notes)


def _ours(seed: int) -> Repetition:
    with TemporaryDirectory() as folder:
        seconds = seconds_of(lambda: _run([str(ROOT / OURS), f"seed={seed}", f"hydra.run.dir={folder}"]))
        metrics = json.loads((Path(folder) / "metrics.json").read_text(encoding="utf-8"))
    return {
        "seed": seed,
        "seconds": seconds,
        "seconds_inside": metrics["seconds/total"],
        "excess": metrics["nll/excess"],
    }


def _demo(seed: int) -> Repetition:
    output: list[str] = []
    seconds = seconds_of(lambda: output.append(_run([str(Path(__file__).with_name(DEMO)), str(seed)])))
    found = json.loads(output[0].splitlines()[-1])
    return {"seed": seed, "seconds": seconds, "excess": _excess(found, seed), "threads": found["threads"]}


def _run(arguments: Sequence[str]) -> str:
    finished = subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, check=True, text=True)
    return finished.stdout


def _excess(found: dict[str, list[float]], seed: int) -> float:
    """NLL of the demo's mixture above the truth's, on the test points that `train.py` is judged by."""
    weights, means, variances = (
        torch.tensor(found[name], dtype=torch.float64) for name in ("weights", "means", "variances")
    )
    dataset = Bimodal().load(seed)
    density = Density.of(weights, means[:, None], variances[:, None, None])
    return density.nll(dataset.test.points) - (true_nll(dataset) or 0.0)


def _numbers(repetitions: Repetitions, contestant: str) -> tuple[str, str, str]:
    excess = [row["excess"] for row in repetitions if row["contestant"] == contestant]
    return f"{median_of(repetitions, contestant):.2f}", f"{median(excess):.4f}", f"{max(excess):.4f}"
