"""Where one installation keeps its data: one folder, one file or sub-folder per concern."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Home:
    """The data folder of an installation; nothing is created by asking for a path."""

    root: Path

    @property
    def telemetry(self) -> Path:
        """The SQLite telemetry store."""
        return self.root / "telemetry.sqlite"

    @property
    def telemetry_changes(self) -> Path:
        """What changed in a telemetry store that is a server and keeps no such list itself."""
        return self.root / "telemetry-changes.sqlite"

    @property
    def spool(self) -> Path:
        """The spool between what arrives and what is stored."""
        return self.root / "spool.sqlite"

    @property
    def records_url(self) -> str:
        """SQLAlchemy's address of the records database."""
        return f"sqlite:///{(self.root / 'records.sqlite').resolve()}"

    @property
    def features(self) -> Path:
        """The feature store: its registry, offline and online."""
        return self.root / "features"

    @property
    def online(self) -> Path:
        """The newest feature vectors, where they are in SQLite."""
        return self.features / "vectors.sqlite"

    @property
    def bundles(self) -> Path:
        """The shelf of promoted bundles."""
        return self.root / "bundles"

    @property
    def tracking_url(self) -> str:
        """MLflow's tracking and registry store."""
        return f"sqlite:///{(self.root / 'mlflow.db').resolve()}"

    @property
    def artefacts(self) -> Path:
        """Where MLflow keeps what runs produce."""
        return self.root / "mlartifacts"

    @property
    def runs(self) -> Path:
        """Where Ray Train keeps its checkpoints."""
        return self.root / "runs"
