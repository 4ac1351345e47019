"""The fleet simulator: stations of centrifugal pumps with a physical model, faults, upkeep, and ground truth."""
