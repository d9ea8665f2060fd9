"""Is a model to be believed? Calibration, recovery, sensitivity: run, stored, quoted."""
