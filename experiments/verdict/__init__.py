"""What explains a deviation: verdicts on simulated fleets, and on real telemetry with faults put in."""
