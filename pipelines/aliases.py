"""MLflow's aliases of a pack's versions, which follow what the shelf says. A version is known by its bundle's hash.

Numbers of versions are MLflow's. Installations that share a server share them, and another server begins anew, so a
number alone never says which bundle is meant.
"""

from collections.abc import Callable

from edge_export.bundle.reading import VerifiedBundle
from edge_export.bundle.shelf import BundleShelf, Standing
from models.registry.errors import RegistryRefused, RegistryUnavailable
from models.registry.registry import CHAMPION, SHADOW, ModelRegistry, prognosis_name

REPAIR = "python -m pipelines promote --aliases"
"""The command that makes the aliases follow."""


def free_version(shelf: BundleShelf, pack_id: str, number: str, run_id: str) -> str:
    """Return what a new bundle is called: MLflow's number, with the run's first letters where the shelf has that.

    Args:
        shelf: Where it will lie.
        pack_id: Of the pack.
        number: The version in MLflow.
        run_id: The training.
    """
    return number if number not in shelf.versions(pack_id) else f"{number}-{run_id[:8]}"


def registered_version(registry: ModelRegistry, bundle: VerifiedBundle) -> str | None:
    """Return the version in MLflow that became a bundle; None where MLflow does not know it."""
    return registry.version_of_bundle(bundle.manifest.name, bundle.bundle_sha256)


def follow_shelf(registry: ModelRegistry, shelf: BundleShelf, pack_id: str) -> str | None:
    """Let MLflow's aliases name what serves and what runs in shadow. Doing it again changes nothing.

    Returns:
        Why they do not say so, for people; None where they do. The shelf decides what serves, whatever they say.
    """
    return _told(lambda: _follow(registry, shelf, pack_id))


def lag(registry: ModelRegistry, shelf: BundleShelf, pack_id: str) -> str | None:
    """Say in what MLflow's aliases differ from the shelf; None where they do not. Nothing is changed.

    An alias that names a version of no bundle on this shelf was set by another installation, and is no lag; nor is one
    that names nothing where this MLflow never knew the champion.

    Raises:
        RegistryUnavailable: If MLflow does not answer.
        RegistryRefused: If MLflow refuses to tell.
    """
    name, found = prognosis_name(pack_id), []
    for alias, wanted in _roles(shelf.standing(pack_id)):
        version = registry.version_of(name, alias)
        if version is not None and not _is_ours(registry, shelf, name, version):
            continue
        known = None if wanted is None else registry.version_of_bundle(name, wanted[1])
        if known != version:
            is_said = "nothing" if version is None else f"version {version}"
            found.append(f"{alias} is {'nobody' if wanted is None else wanted[0]}, and the alias names {is_said}")
    return "; ".join(found) or None


def _follow(registry: ModelRegistry, shelf: BundleShelf, pack_id: str) -> str | None:
    registry.tracking.check()
    name, unknown = prognosis_name(pack_id), []
    for alias, wanted in _roles(shelf.standing(pack_id)):
        known = None if wanted is None else registry.version_of_bundle(name, wanted[1])
        if known is not None:
            registry.set_alias(name, alias, known)
            continue
        version = registry.version_of(name, alias)
        if version is not None and _is_ours(registry, shelf, name, version):
            registry.drop_alias(name, alias)  # it names what is over
        if wanted is not None:
            unknown.append(f"the {alias} {wanted[0]}")
    return f"MLflow has no version that became {' or '.join(unknown)}; another one kept it." if unknown else None


def _roles(standing: Standing) -> tuple[tuple[str, tuple[str, str] | None], ...]:
    return (CHAMPION, standing.champion), (SHADOW, standing.shadow)


def _is_ours(registry: ModelRegistry, shelf: BundleShelf, name: str, version: str) -> bool:
    bundle = registry.bundle_of(name, version)
    return bundle is not None and shelf.find(bundle) is not None


def _told(work: Callable[[], str | None]) -> str | None:
    try:
        found = work()
    except (RegistryUnavailable, RegistryRefused) as error:
        found = f"{error} When MLflow is well again, run `{REPAIR}`."
    return None if found is None else f"MLflow's aliases do not name what the shelf does. {found}"
