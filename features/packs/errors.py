"""What can go wrong with packs.

ServiceError
└── PackError           a pack breaks its rules; carries every finding (also a ValueError)
    └── UnknownPack     no pack of that name is shipped and no folder is there (also a NotFound)
"""

from features.domain.errors import NotFound, ServiceError
from features.packs.findings import PackFinding


class PackError(ServiceError, ValueError):
    """A pack breaks its rules.

    Attributes:
        pack: The name or the path by which it was asked for.
        findings: Everything that is wrong with it, in the order of the files.
    """

    def __init__(self, pack: str, findings: tuple[PackFinding, ...]) -> None:
        count = "1 finding" if len(findings) == 1 else f"{len(findings)} findings"
        super().__init__("\n".join([f"pack {pack}: {count}", *map(str, findings)]))
        self.pack = pack
        self.findings = findings


class UnknownPack(PackError, NotFound):
    """No pack of that name is shipped, and no folder of that path is there."""
