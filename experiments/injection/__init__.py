"""Faults put into real telemetry in which none is known: of an instrument, of the data path, and machine-like ones.

    for stream in skab_streams(folder):
        for trial in trials([stream], seed=1):
            judge(stream.taught, trial.injected)  # learn from the first rows, judge the rest

No model knows any of it. Simulated faults are made by the hand that makes the detector; these sit on what real
instruments, plants and gateways deliver.
"""
