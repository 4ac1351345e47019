"""Equipment packs: reading a pack's files, checking all of them, and handing out the frozen domain types."""
