"""The model card of a small network for gateways: what it stands in for, and how near it comes."""

import numpy as np

from features.domain.packs import Pack
from pipelines.gateway.judging import Fidelity
from pipelines.gateway.rows import SplitRows
from pipelines.train.evaluation import Evaluation


def student_card(
    pack: Pack,
    name: str,
    version: str,
    rows: SplitRows,
    fidelity: Fidelity,
    teacher: Evaluation,
    student: Evaluation,
) -> str:
    """Return the card as Markdown.

    Args:
        pack: The type.
        name: Of the model.
        version: Of the ensemble.
        rows: What it learnt from and was judged by.
        fidelity: How near it comes to the ensemble.
        teacher: Figures of the ensemble.
        student: Its own figures.
    """
    unit, machines = pack.life.unit, len(np.unique(rows.unseen.machine))
    return f"""# {name} {version}, distilled for gateways

**What it is.** One small network that learnt to answer as the ensemble of version {version} does, for machines of pack
`{pack.id}` {pack.version} ({pack.names.en}). The centre keeps the ensemble; the two may differ a little on the same
machine.

**Taught** by the ensemble on {len(rows.training)} rows of the machines that it was trained on, on the same rows
with noise and with features left out, and on mixtures of two. No label was used.

**How near it comes**, on {fidelity.rows} rows of {machines} machines that neither saw: survival probabilities differ by
{fidelity.mean:.3f} on average, by at most {fidelity.p99:.3f} in 99 of 100 cases, and by at most
{fidelity.largest:.3f} in all.

| on these machines | this network | the ensemble |
|---|---|---|
| Brier skill against a constant hazard | {student.brier_skill:.3f} | {teacher.brier_skill:.3f} |
| coverage of p05 to p95 | {student.coverage90:.3f} | {teacher.coverage90:.3f} |
| mean width of that interval, {unit} | {student.width90:.0f} | {teacher.width90:.0f} |
| RMSE of remaining life clipped at the cap, {unit} | {student.rmse:.1f} | {teacher.rmse:.1f} |

**Intervals** are its own: calibrated by students of single members, on what they said of machines that neither they nor
that member saw. The machines above decided that it may be used, so its figures flatter it a little.

**Do not use it** where the card of version {version} forbids the ensemble.
"""
