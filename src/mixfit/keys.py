"""Every key of the configuration, once: what it may hold and what it means. Defaults stand in the YAML files only.

Every check, every refusal and `--help` read this list. A new option of an optimizer, a source or a trainer is one line
here beside its line in a YAML file; a key that several files share, such as `optimizer.lr`, still stands here once.
Ranges are as wide as what really works, so what is accepted here is accepted where it is used.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from mixfit.kinds import Either, Kind, Number, Several, Text, Truth, Words, written


@dataclass(frozen=True)
class Key:
    """What one key may hold, and what it means in one line; `null` says what null means, where null is allowed."""

    kind: Kind
    meaning: str
    null: str | None = None

    def __str__(self) -> str:
        return f"{self.kind}{'' if self.null is None else f', or null ({self.null})'}"

    def problem(self, value: object) -> str | None:
        """What is wrong with a value, as "expected ..."; None if it fits."""
        if self.kind.holds(value) or (value is None and self.null is not None):
            return None
        hint = "write null" if self.null and str(value).lower() in ("none", "nil") else self.kind.hint(value)
        return f"expected {self}{f'; {hint}' if hint else ''}"


whole = partial(Number, whole=True)
positive = Number(above=0)
"""Finite, as every number here."""
share = Number(least=0, below=1)
overlapping = Number(least=1e-9, most=0.999)
column = Either((Text("a column's name"), whole(least=0)))

LARGEST_SEED = 2**59
"""Each seed has several streams of random numbers, and torch counts seeds in 64 bits."""

MARRON_WAND = (
    "gaussian",
    "skewed",
    "strongly_skewed",
    "kurtotic",
    "outlier",
    "bimodal",
    "separated_bimodal",
    "asymmetric_bimodal",
    "trimodal",
    "claw",
    "double_claw",
    "asymmetric_claw",
    "asymmetric_double_claw",
    "smooth_comb",
    "discrete_comb",
)

KEYS: dict[str, Key] = {
    # data
    "data.n_samples": Key(whole(least=1), "training points"),
    "data.n_val": Key(whole(least=0), "validation points, which choose the best checkpoint"),
    "data.n_test": Key(whole(least=0), "test points, which judge the fit"),
    "data.means": Key(Several(Number()), "the true means on the line, one per component"),
    "data.standard_deviations": Key(Several(positive), "the true standard deviations, one per component"),
    "data.dim": Key(whole(least=1), "D, the dimension"),
    "data.n_components": Key(whole(least=1), "components of the truth, whatever model.n_components is"),
    "data.separation": Key(Number(least=0), "least distance between true means; at 2 components hardly overlap"),
    "data.eccentricity": Key(Number(least=1), "how much longer than another an axis of a true component may be"),
    "data.overlap": Key(
        overlapping,
        "how often points of two components are taken for each other, the mean over all pairs",
        null="as data.max_overlap says",
    ),
    "data.max_overlap": Key(overlapping, "the same of the pair that overlaps most", null="no bound"),
    "data.least_weight": Key(Number(above=0, most=0.5), "the least that a true weight may be", null="equal weights"),
    "data.weights": Key(Several(positive), "the true weights, one per component, of any sum", null="equal weights"),
    "data.density": Key(Words(MARRON_WAND), "which of Marron and Wand's densities"),
    "data.family": Key(Words(("full", "diag", "tied", "spherical")), "what the true covariances share"),
    "data.path": Key(
        Text("a path"),
        "the file (.csv, .tsv, .txt, also compressed, .parquet, .npy, .npz), or a folder of .parquet files",
    ),
    "data.columns": Key(Several(column), "which columns to fit, by name or by number from 0", null="all but the label"),
    "data.label": Key(column, "the column with the true groups, used for the adjusted Rand index only", null="none"),
    "data.header": Key(Truth(), "whether the first line of a text file names the columns", null="look"),
    "data.stream": Key(
        Truth(),
        "whether the points stay on disk and are read anew for every pass (Parquet and NPY)",
        null="if they are too large for the memory",
    ),
    "data.val_fraction": Key(share, "share of the points that chooses the best checkpoint"),
    "data.test_fraction": Key(share, "share of the points that judges the fit"),
    "data.batch_size": Key(whole(least=1), "rows per step", null="all rows at once"),
    # model
    "model.n_components": Key(
        Either((whole(least=1), Words(("auto",)))), "K, the number of components; auto tries 1 to model.max_components"
    ),
    "model.max_components": Key(whole(least=1), "the largest K that model.n_components=auto tries"),
    "model.criterion": Key(
        Words(("bic", "icl", "nll/val")), "what model.n_components=auto and covariance=auto choose by"
    ),
    "model.floor": Key(
        Number(above=0, most=1),
        "smallest variance in any direction as a part of the data's, a bound that is never added",
    ),
    # covariance
    "covariance.families": Key(Several(Text("a family's name")), "which families covariance=auto tries"),
    # init
    "init.restarts": Key(
        whole(least=1), "starts drawn, of which the best few go on", null="as many as cost little; one if moves=none"
    ),
    "init.n_passes": Key(whole(least=0), "EM passes that each start takes before they are compared"),
    "init.folder": Key(Text("a folder"), "the run, or the saved model, at whose mixture a fit begins"),
    "init.means": Key(Several(Several(Number())), "means to begin at, a list of D numbers per component"),
    "init.weights": Key(
        Several(positive), "weights to begin at, one per component", null="those of the points nearest to each mean"
    ),
    "init.variances": Key(
        Either((positive, Several(positive), Several(Several(positive)))),
        "variances to begin at: one for all, one per column, or a list of those per component",
        null="those of the points about their nearest mean, pooled",
    ),
    # moves
    "moves.patience": Key(
        whole(least=0),
        "turns without a gain after which no more moves are tried",
        null="4, and none from a start that is given",
    ),
    # optimizer
    "optimizer.lr": Key(positive, "learning rate in the mixture's own units"),
    "optimizer.betas": Key(Several(share, length=2), "how slowly Adam forgets gradients and their squares"),
    "optimizer.eps": Key(Number(least=0), "added to the root of the mean squared gradient"),
    "optimizer.weight_decay": Key(Number(least=0), "pull of the parameters back to their start"),
    "optimizer.momentum": Key(share, "share of the last step that the next one keeps"),
    "optimizer.nesterov": Key(Truth(), "whether to look ahead along the momentum, which must then be above 0"),
    "optimizer.alpha": Key(share, "how slowly RMSprop forgets squared gradients"),
    "optimizer.fused": Key(Truth(), "whether torch updates all parameters in one call, which is faster"),
    "optimizer.max_iter": Key(whole(least=1), "L-BFGS iterations between two looks at the stopping rule"),
    "optimizer.history_size": Key(whole(least=1), "steps that L-BFGS remembers to guess the curvature"),
    "optimizer.line_search_fn": Key(Words(("strong_wolfe",)), "how L-BFGS chooses the length of a step"),
    "optimizer.tolerance_grad": Key(Number(least=0), "L-BFGS ends its iterations below this gradient"),
    "optimizer.tolerance_change": Key(Number(least=0), "L-BFGS ends its iterations below this change"),
    "optimizer.tolerance": Key(Number(least=0), "gain in nats per point that is too small to go on for"),
    "optimizer.patience": Key(whole(least=0), "passes without such a gain before the learning rate is cut"),
    "optimizer.n_cuts": Key(whole(least=0), "cuts of the learning rate before the fit counts as converged"),
    "optimizer.cut": Key(Number(above=0, most=1), "what a cut multiplies the learning rate by"),
    # trainer
    "trainer.accelerator": Key(Words(("auto", "cpu", "gpu", "cuda", "mps")), "what computes"),
    "trainer.devices": Key(
        Either((whole(least=1), Words(("auto",)), Several(whole(least=0)))), "how many devices, or the numbers of GPUs"
    ),
    "trainer.num_nodes": Key(whole(least=1), "how many machines, each with so many devices"),
    "trainer.strategy": Key(Text("a strategy of Lightning's"), "how several devices share the work"),
    "trainer.precision": Key(
        Words(("64-true", "32-true")), "digits of every number", null="64-true where the device has it"
    ),
    "trainer.max_epochs": Key(whole(least=1), "passes over the training points at most"),
    "trainer.accumulate_grad_batches": Key(whole(least=1), "batches whose points make one step"),
    # of no group
    "seed": Key(
        whole(least=0, most=LARGEST_SEED), "decides synthetic data, partitions, starts and the order of batches"
    ),
    "resume": Key(Text("a run's folder"), "a run to go on with where it stopped", null="a new run"),
}

PART = Key(Text("a class or function"), "the part that a choice stands for")
"""`_target_`, which every choice of most groups has; `mixfit.parts` says what may stand there."""


def key_of(name: str) -> Key | None:
    """The entry of a dotted key; None if there is no such key."""
    return PART if name.endswith("._target_") else KEYS.get(name)


def refusal(name: str, value: object) -> str | None:
    """Why a key cannot hold a value, as a sentence that names both; None if it can, or if the key is unknown."""
    key = key_of(name)
    problem = None if key is None else key.problem(value)
    return None if problem is None else f"{name}={written(value)}: {problem}"
