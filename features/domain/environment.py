"""What both composition roots say when the environment of the process sets something that cannot be."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches


def unknown_variable(environment: Mapping[str, str], prefix: str, known: Iterable[str]) -> str | None:
    """Say which variable with the prefix nobody knows, and what was probably meant; None if all are known.

    Args:
        environment: Variables of the process.
        prefix: Beginning of every variable of one part, in capitals.
        known: Names of its settings, without the prefix.

    Examples:
        >>> print(unknown_variable({"PART_PROT": "80"}, "PART_", ["port", "host"]))
        PART_PROT must be a setting that exists; found none of that name. Did you mean PART_PORT?
        >>> unknown_variable({"part_port": "80", "PROT": "80"}, "PART_", ["port"]) is None
        True
    """
    fields = sorted(field.upper() for field in known)
    for name in sorted(environment):
        field = name.upper().removeprefix(prefix)
        if name.upper().startswith(prefix) and field not in fields:
            close = get_close_matches(field, fields, n=1)
            listed = ", ".join(f"{prefix}{each}" for each in fields)
            hint = f"Did you mean {prefix}{close[0]}?" if close else f"Known are {listed}."
            return f"{name} must be a setting that exists; found none of that name. {hint}"
    return None


def broken_settings(prefix: str, faults: Iterable[tuple[str, str]]) -> str:
    """Say which settings break their rules.

    Args:
        prefix: As above; put before names that lack it.
        faults: Name of each setting, and what is wrong with it.

    Examples:
        >>> print(broken_settings("PART_", [("port", "must be at least 1; found 0")]))
        Settings must follow their rules. PART_PORT: must be at least 1; found 0. Correct them and start again.
    """
    told = [f"{prefix}{name.upper().removeprefix(prefix)}: {what}" for name, what in faults]
    return f"Settings must follow their rules. {'; '.join(told)}. Correct them and start again."
