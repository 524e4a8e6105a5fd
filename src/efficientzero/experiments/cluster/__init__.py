"""Experiments on the machines of a Ray cluster: each in a clone of its own, with the results in a shared DVC remote."""
