"""Estimates that assume no form: exponent ratio, frames ratio, crossing, and the usual human-normalised aggregates."""
