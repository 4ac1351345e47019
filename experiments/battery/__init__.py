"""NASA's battery ageing: cycles left until a cell holds 1.4 Ah only, one cell left out at a time."""
