"""The model card that goes into every bundle: for whom, on what, how good, where not to use it."""

from pipelines.condition.telling import condition_markdown
from pipelines.train.coverage_report import coverage_markdown
from pipelines.train.data import PreparedData
from pipelines.train.modes import modes_markdown
from pipelines.train.record import Judgement


def model_card(name: str, version: str, data: PreparedData, judgement: Judgement, run: str) -> str:
    """Return the card as Markdown."""
    pack, unit = data.pack, data.pack.life.unit
    model, baseline, coverage = judgement.model, judgement.baseline, judgement.coverage
    horizons = ", ".join(f"{horizon:g}" for horizon in pack.horizons)
    return f"""# {name} {version}

**What it forecasts.** Probability of failure within {horizons} {unit}, and remaining life up to {pack.grid.cap:g}
{unit}, for machines of pack `{pack.id}` {pack.version} ({pack.names.en}).

**Trained on** {len(data.training)} rows of {len(set(data.training.machine.tolist()))} machines, features
`{data.features.specification.view}` {data.features.specification.sha256[:12]}, data {data.digest[:12]},
MLflow run {run}.

**Judged on** {len(data.unseen)} machines that it never saw:

| | model | fixed LightGBM |
|---|---|---|
| Brier skill against a constant hazard | {model.brier_skill:.3f} | {baseline.brier_skill:.3f} |
| coverage of p05 to p95 | {model.coverage90:.3f} | {baseline.coverage90:.3f} |
| mean width of that interval, {unit} | {model.width90:.0f} | {baseline.width90:.0f} |
| RMSE of remaining life clipped at the cap, {unit} | {model.rmse:.1f} | {baseline.rmse:.1f} |

**Intervals.** They were calibrated to hold 90 % of lives in each operating regime and stage of life (told by the
predicted median); groups with few lives share their levels with others. On the machines above they held:

{coverage_markdown(coverage, unit)}

"Hidden" are forecasts whose machine was replaced in time or still runs: the known stand for them, and "between" are the
bounds that hold whatever became of them. The last row is told by the truth, so nothing can be promised in it.

**Failure modes.** {modes_markdown(judgement.modes)}

**State detection.** {condition_markdown(judgement.condition, pack)}

The best epoch, the width of the network and the levels of the interval were chosen on the same folds of training
machines, by members blind to them; inputs were standardised over all training machines. The machines above also
decide promotions, so the figures of a champion that beat many challengers on them flatter it a little.

**Do not use it** for machines of another type, in operating regimes that training machines never ran in (the answer
is then `unknown_regime`), or as the only safeguard where a failure can hurt people.
"""
