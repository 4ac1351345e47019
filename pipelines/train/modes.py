"""Failure modes in a training: learned where labels allow, judged on unseen machines, told in card and run."""

import json
from dataclasses import asdict, dataclass

from features.domain.packs import Pack
from features.transforms.modes import ModeShares
from models.prognosis.mode_figures import ModeFigures
from models.prognosis.modes import FittedModes, ModeScope, fit_modes, judge_modes
from models.prognosis.targets import LabelledVectors

DOCUMENT = "failure_modes.json"


@dataclass(frozen=True, slots=True)
class JudgedModes:
    """Shares of failure modes with their figures.

    Attributes:
        fitted: What was learned, or why nothing is told.
        held_out: Figures on machines that no model of the training saw; None without shares, or without such failures.
    """

    fitted: FittedModes
    held_out: ModeFigures | None

    @property
    def shares(self) -> ModeShares | None:
        """What the bundle carries; None where modes are not told apart."""
        return self.fitted.shares

    def to_dict(self) -> dict[str, object]:
        """Return what `--json` and the run tell."""
        return {
            "told": list(self.fitted.modes) if self.shares is not None else [],
            "reason": self.fitted.reason,
            "out_of_fold": None if self.fitted.unseen is None else asdict(self.fitted.unseen),
            "held_out": None if self.held_out is None else asdict(self.held_out),
        }

    def to_json(self) -> str:
        """Return the same with how it was fitted."""
        how = {"penalty": self.fitted.penalty, "sharpness": self.fitted.sharpness}
        base = dict(zip(self.fitted.modes, self.fitted.base, strict=True))
        return json.dumps({**self.to_dict(), **how, "base_rate": base}, indent=2, ensure_ascii=False)

    def metrics(self) -> dict[str, float]:
        """Return the figures by the names that they have in MLflow."""
        found = {"modes_told": float(len(self.fitted.modes) if self.shares is not None else 0)}
        for place, figures in (("out_of_fold", self.fitted.unseen), ("test", self.held_out)):
            if figures is None:
                continue
            numbers = {name: value for name, value in asdict(figures).items() if isinstance(value, int | float)}
            found |= {f"modes_{place}_{name}": float(value) for name, value in numbers.items() if value == value}
        return found


def learn_modes(training: LabelledVectors, unseen: LabelledVectors, pack: Pack, seed: int) -> JudgedModes:
    """Learn shares of failure modes on training machines and judge them on the others.

    Args:
        training: Labelled rows of the training machines.
        unseen: Those of the machines held out.
        pack: Says the longest horizon, and from which life on there are forecasts.
        seed: Of folds and draws.
    """
    scope = ModeScope(pack.horizons[-1], pack.features.minimum_life)
    fitted = fit_modes(training, scope, seed)
    return JudgedModes(fitted, judge_modes(fitted, unseen, scope, seed))


def modes_markdown(modes: JudgedModes) -> str:
    """Return the section of the model card."""
    if modes.shares is None:
        return f"Not told apart: forecasts carry no `per_mode`. {modes.fitted.reason}"
    pairs = zip(modes.fitted.modes, modes.fitted.base, strict=True)
    base = ", ".join(f"{mode} {share:.2f}" for mode, share in pairs)
    return f"""Shares of failure modes, given that a machine fails within the longest horizon; times the probability of
that failure they are `per_mode`. Learned on rows of failed lives within that horizon, every life alike. Base rate:
{base}.

{_table("training machines, out of fold", modes.fitted.unseen)}

{_table("machines never seen", modes.held_out)}"""


def _table(title: str, figures: ModeFigures | None) -> str:
    if figures is None:
        return f"On {title}: no failure with a known mode."
    head = f"""| {title}, {figures.lives} lives | shares | base rate |
|---|---|---|
| log loss, nats | {figures.log_loss:.3f} | {figures.base_log_loss:.3f} |
| most likely mode was right | {figures.accuracy:.3f} | {figures.base_accuracy:.3f} |

| mode | lives | mean share | came | calibration error |
|---|---|---|---|---|
"""
    rows = (
        f"| {each.mode} | {each.lives} | {each.forecast:.3f} | {each.came:.3f} | {each.error:.3f} |"
        for each in figures.modes
    )
    return head + "\n".join(rows)
