"""Many experiments: sweeps over parameters, suites of games, several machines, registered models.

An experiment is one `dvc exp run --temp`, in a process of its own. No torch is imported.
"""


class ExperimentError(Exception):
    """Something that a user can mend; the message says what is wrong and what to do."""
