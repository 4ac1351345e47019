"""The doctor: looks at an installation and its machine, and says of each thing that is not well what to do."""
