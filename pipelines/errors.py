"""What can go wrong in a pipeline.

ServiceError
├── LeakFound           training data knows the future
├── TrainingFailed      a training run did not finish
├── NothingToTrain      there are too few machines or failures (also a ValueError)
├── InvalidSettings     a setting is unknown or breaks its rule (also a ValueError)
├── InvalidAlarmOrder   a replay of alarms was asked for that has no meaning (also a ValueError)
├── WorkerRunning       another worker holds the lease of this installation
├── NothingPromoted     no model of a pack was promoted yet (also NotFound)
├── NothingForecasts    what serves only tells whether machines are as usual (also NotFound)
├── NothingToWatch      there is nothing of which drift could be told (also NotFound)
├── NothingToReplay     there are no machines whose alarms could be replayed (also NotFound)
├── CannotJudge         a bundle's state detection asks for signals that the pack does not have (also a ValueError)
├── NoStateDetection    a bundle that was named to judge brings no state detection
├── NotKept             the threshold of a replay cannot be kept for the worker
├── HistoryTooBrief     no history was known to be healthy after what taught what is normal
├── NothingToPromote    there is no challenger (also NotFound)
├── NothingToJudgeBy    no machine that neither model saw has lived (also NotFound)
├── TrainingUnknown     MLflow does not know how a bundle was trained (also NotFound)
├── NothingToDistil     no ensemble was kept of which a small network could learn (also NotFound)
├── BackgroundFailed    a job beside the worker's loop failed
├── PackExists          a pack would be written over another
├── NotADatabase        a file that must be a SQLite database is none
├── ServiceNotReady     the service that was started does not answer
└── GatewayDiffers      the gateway's forecasts are not the centre's
"""

from collections.abc import Sequence
from pathlib import Path

from features.domain.errors import NotFound, ServiceError


class LeakFound(ServiceError):
    """Training data knows the future."""


class TrainingFailed(ServiceError):
    """A training run did not finish."""


class NothingToTrain(ServiceError, ValueError):
    """There are too few machines or failures to train on."""


class InvalidSettings(ServiceError, ValueError):
    """A setting is unknown or breaks its rule."""


class InvalidAlarmOrder(ServiceError, ValueError):
    """A replay of alarms was asked for that has no meaning."""


class WorkerRunning(ServiceError):
    """Another worker holds the lease of this installation."""


class NothingPromoted(NotFound):
    """No model of a pack was promoted yet.

    Attributes:
        pack: Which pack.
    """

    def __init__(self, pack: str) -> None:
        super().__init__(
            f"A model of pack {pack} must have been promoted; found none. Run `python -m pipelines train` first."
        )
        self.pack = pack


class NothingForecasts(NotFound):
    """What serves only tells whether machines are as usual, and makes no forecasts.

    Attributes:
        pack: Which pack.
        version: Of what serves.
    """

    def __init__(self, pack: str, version: str) -> None:
        super().__init__(
            f"The model of pack {pack} that serves must make forecasts; found version {version}, which only tells "
            "whether machines are as usual. Run `python -m pipelines train` when failures are on record."
        )
        self.pack, self.version = pack, version


class CannotJudge(ServiceError, ValueError):
    """A bundle's state detection asks for signals that the pack does not have.

    Attributes:
        pack: Whose.
        missing: The signals.
    """

    def __init__(self, pack: str, missing: Sequence[str]) -> None:
        super().__init__(
            f"Pack {pack} must have every signal that the bundle's state detection asks for; found none of the name "
            f"{', '.join(missing)}. Train anew, or name another bundle with --bundle."
        )
        self.pack, self.missing = pack, tuple(missing)


class NoStateDetection(ServiceError):
    """A bundle that was named to judge brings no state detection."""

    def __init__(self, bundle: Path) -> None:
        super().__init__(
            f"A bundle that judges must bring state detection (condition.json); found none in {bundle}. Train anew, or "
            "leave --bundle out for scores against each machine's own first weeks."
        )
        self.bundle = bundle


class NotKept(ServiceError):
    """The threshold of a replay cannot be kept for the worker."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"A threshold that is kept must hold for what the worker judges; {reason}")


class NothingToReplay(NotFound):
    """There are no machines whose alarms could be replayed.

    Attributes:
        pack: Of what type they would have to be.
    """

    def __init__(self, pack: str) -> None:
        super().__init__(
            f"There must be readings of machines of pack {pack}; found none. Run `python -m pipelines ingest` first, "
            "or name the folder with --data or --home."
        )
        self.pack = pack


class HistoryTooBrief(ServiceError):
    """No history is left in which alarms of healthy machines could be counted.

    Attributes:
        learn_days: At the beginning of a life that teach what is normal.
        margin_days: Before the end of a life, of which nobody knows whether the machine was healthy.
        lives: That there are.
        longest_days: How long the longest of them is.
    """

    def __init__(self, learn_days: float, margin_days: float, lives: int, longest_days: float) -> None:
        super().__init__(
            f"A life must have healthy rows after its first {learn_days:g} days, which teach what is normal, and more "
            f"than {margin_days:g} days before its end; found none in {lives} lives, of which the longest is "
            f"{longest_days:.1f} days. Wait for a longer history, or say with --margin-days how long before its end a "
            "machine may be failing."
        )
        self.learn_days, self.margin_days, self.lives, self.longest_days = learn_days, margin_days, lives, longest_days


class NothingToPromote(NotFound):
    """There is no challenger.

    Attributes:
        pack_id: Whose.
        champion: The version that serves.
        elsewhere: What MLflow calls challenger but does not lie on this shelf; None where it names none.
    """

    def __init__(self, pack_id: str, champion: str, elsewhere: str | None = None) -> None:
        self.pack_id, self.champion, self.elsewhere = pack_id, champion, elsewhere
        found = "none"
        if elsewhere is not None:
            found = f"none on this shelf (MLflow's challenger {elsewhere} was trained by another installation)"
        super().__init__(
            f"A challenger of {pack_id} must be another version than its champion {champion}; found {found}. "
            "Train one with `python -m pipelines train`, or name one with --version."
        )


class NothingToJudgeBy(NotFound):
    """No machine that neither champion nor challenger saw has lived.

    Attributes:
        pack_id: Whose.
        lives: Lives on record, of machines that one of them saw.
    """

    def __init__(self, pack_id: str, lives: int) -> None:
        self.pack_id, self.lives = pack_id, lives
        found = "no life of any machine" if lives == 0 else f"{lives} lives, all of machines that one of them saw"
        super().__init__(
            f"A challenger of {pack_id} must be judged by lives of machines that neither model saw; found {found}. "
            "Bring telemetry and events of more machines; nothing was changed."
        )


class TrainingUnknown(NotFound):
    """MLflow does not know how a bundle was trained.

    Attributes:
        pack_id: Whose.
        version: Of the bundle.
    """

    def __init__(self, pack_id: str, version: str) -> None:
        self.pack_id, self.version = pack_id, version
        super().__init__(
            f"The training of version {version} of {pack_id} must be known to MLflow, for it says which machines the "
            "model never saw; found no version that became this bundle. Set MILLWRIGHT_TRACKING_URL to the server that "
            "it was trained with, or train again."
        )


class NothingToDistil(NotFound):
    """No ensemble was kept of which a small network could learn.

    Attributes:
        version: Of the model.
        found: What there is instead.
    """

    def __init__(self, version: str, found: str) -> None:
        self.version, self.found = version, found
        super().__init__(
            f"Distilling version {version} must start from the ensemble in its bundle; found {found}. "
            "Send gateways the bundle as it is (`--network ensemble`)."
        )


class NothingToWatch(NotFound):
    """There is nothing of which drift could be told.

    Attributes:
        pack_id: Whose.
        found: What there is instead.
    """

    def __init__(self, pack_id: str, found: str) -> None:
        self.pack_id, self.found = pack_id, found
        super().__init__(
            f"Drift of {pack_id} must be told from readings with dates; found {found}. Bring dated readings, or "
            "compare models on new machines with `python -m pipelines promote --dry-run`."
        )


class BackgroundFailed(ServiceError):
    """A job beside the worker's loop failed, and the worker does not go on without it."""


class NotADatabase(ServiceError):
    """A file that must be a SQLite database is none.

    Attributes:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} must be a SQLite database; found something else. Move it away or restore a backup.")
        self.path = path


class PackExists(ServiceError):
    """A pack would be written over another.

    Attributes:
        folder: Where it lies.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(f"The folder {folder} must not hold a pack yet; found one. Name another folder with --out.")
        self.folder = folder


class ServiceNotReady(ServiceError):
    """The service that was started does not answer."""


class GatewayDiffers(ServiceError):
    """The gateway's forecasts are not the centre's."""
