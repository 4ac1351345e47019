"""`features describe`: every feature of a pack with meaning, unit, formula, source, signals and grade."""

from rich.console import Console
from rich.table import Column, Table

from features.domain.packs import Pack
from features.transforms.regimes import RegimeTable
from features.transforms.specification import FeatureSpecification, condition_spans, specification_of


def describe_features(pack: Pack) -> dict[str, object]:
    """Describe the features of a pack; none of it hangs on fitted regimes.

    Args:
        pack: The equipment pack.

    Returns:
        The JSON form: the view, and every feature in the order of the vector.
    """
    specification = unfitted(pack)
    grades = specification.grades({str(signal.id): signal.grade for signal in pack.signals})
    return {
        "pack": pack.id,
        "pack_version": pack.version,
        "view": specification.view,
        "features": [
            {
                "name": each.name,
                "meaning": each.meaning,
                "unit": each.unit,
                "formula": each.formula,
                "source": each.source,
                "signals": list(each.signals),
                "grade": grades[each.name],
            }
            for each in specification.descriptions
        ],
    }


def unfitted(pack: Pack) -> FeatureSpecification:
    """Return a pack's specification without regimes: good for names and words, not for computing."""
    return specification_of(pack, RegimeTable(condition_spans(pack), (), 0.0, (), (), ()))


def print_features(console: Console, document: dict[str, object]) -> None:
    """Show a description to people as one table."""
    columns = ("name", "meaning", "unit", "formula", "source", "signals", "grade")
    table = Table(
        *(Column(name, overflow="fold") for name in columns),
        title=f"{document['view']} ({document['pack']} {document['pack_version']})",
    )
    features = document["features"]
    for each in features if isinstance(features, list) else []:
        cells = {**each, "signals": ", ".join(each["signals"]), "grade": str(each["grade"])}
        table.add_row(*(cells[name] for name in columns))
    console.print(table)
