"""What explains that readings are not as usual (ISO 13374 state detection)."""

from enum import StrEnum


class ConditionVerdict(StrEnum):
    """What is to blame for a deviation, or that there is none.

    A fault of the machine is the last thing to be said: an instrument that lies, telemetry that was replayed or stands
    still, and a new way of running the machine look alike at first sight.
    """

    NORMAL = "normal"
    MACHINE = "machine"
    INSTRUMENT = "instrument"
    DATA_PATH = "data_path"
    OPERATION_CHANGE = "operation_change"
    UNDETERMINED = "undetermined"
