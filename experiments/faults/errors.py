"""What can go wrong in a trial with planted faults, beside what it looks for.

ServiceError
├── RecorderUnavailable     what SQLite does to its files cannot be recorded on this platform
├── SpoolMisread            a spool hands out its records in no order
└── TrialBroken             a process of the trial itself failed, so that its figures would mean nothing
"""

from features.domain.errors import ServiceError


class RecorderUnavailable(ServiceError):
    """What SQLite does to its files cannot be recorded on this platform."""


class SpoolMisread(ServiceError):
    """A spool hands out its records in no order, as it does when its file is broken."""


class TrialBroken(ServiceError):
    """A process of the trial itself failed, so that its figures would mean nothing."""
