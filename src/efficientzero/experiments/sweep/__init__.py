"""Sweeps: an Optuna study whose trials are DVC experiments, promoted from milestone to milestone."""
