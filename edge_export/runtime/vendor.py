"""ONNX Runtime, imported so that it reports to nobody, and everything that it raises."""

import os
from functools import cache
from typing import Any


@cache
def onnxruntime() -> Any:  # a module without types
    """Import ONNX Runtime with its reports to its maker off.

    From 1.29 on it makes an identity of this machine and a store of events in the home folder, on Linux too,
    unless this variable says otherwise at the moment of its import; its own switch comes too late for that.
    """
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime as vendor  # lazy: importing a module of ours does nothing, and this would write files

    return vendor


@cache
def vendor_errors() -> tuple[type[Exception], ...]:
    """Return everything that ONNX Runtime raises: its own exceptions have no root in common but Exception."""
    onnxruntime()
    from onnxruntime.capi import onnxruntime_pybind11_state as native  # lazy: as above

    own = (each for each in vars(native).values() if isinstance(each, type) and issubclass(each, Exception))
    return (*own, RuntimeError, ValueError)
