"""What both composition roots say when the environment of the process sets something that cannot be."""

from collections.abc import Collection, Iterable, Mapping
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


def partless_variable(
    environment: Mapping[str, str], prefix: str, known: Iterable[str], shared: Collection[str]
) -> str | None:
    """Say which variable lacks the name of its part, so that nobody would read it; None if none does.

    Args:
        environment: Variables of the process.
        prefix: Beginning of every variable of one part, in capitals: the product's, then the part's own.
        known: Names of its settings, without the prefix.
        shared: Variables that set something for every part at once, in capitals.

    Examples:
        >>> print(partless_variable({"ALL_PORT": "80", "ALL_HOME": "x"}, "ALL_PART_", ["port", "home"], ["ALL_HOME"]))
        ALL_PORT must name its part; found a variable that no part reads. Did you mean ALL_PART_PORT?
        >>> partless_variable({"PORT": "80", "ALL_PART_PORT": "80"}, "ALL_PART_", ["port"], []) is None
        True
    """
    product = prefix.rstrip("_").rpartition("_")[0]
    meant = {f"{product}_{field.upper()}": f"{prefix}{field.upper()}" for field in known}
    for name in sorted(environment):
        if name.upper() in meant and name.upper() not in shared:
            hint = f"Did you mean {meant[name.upper()]}?"
            return f"{name} must name its part; found a variable that no part reads. {hint}"
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
