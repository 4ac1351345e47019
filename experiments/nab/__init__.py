"""One machine's temperature from the Numenta Anomaly Benchmark (NAB), with four windows around faults."""
