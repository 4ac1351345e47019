"""Export of a network, the bundle it becomes, and the one runtime that runs a bundle anywhere."""
