"""A first pack for a new machine type, proposed from its data. A person who knows the machine corrects it."""
