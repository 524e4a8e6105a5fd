"""Bounded power laws: fits, nested models, tests, the power of a design, extrapolation."""
