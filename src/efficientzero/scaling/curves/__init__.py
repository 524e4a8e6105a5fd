"""Curves: scores as arrays on a scale from random play to a ceiling, and how they are resampled."""
