"""Suites: the same agents on many games and seeds, one experiment for each game and seed."""

from efficientzero.experiments.suite.local import run_here
from efficientzero.experiments.suite.plan import Member, Suite, plan_suite
from efficientzero.experiments.suite.report import (
    ReportError,
    nothing_found,
    suite_folder,
    write_listing,
    write_report,
)
from efficientzero.experiments.suite.running import running
from efficientzero.experiments.suite.status import State, Status, statuses
from efficientzero.experiments.suite.table import SuiteTable, counts

__all__ = [
    "Member",
    "ReportError",
    "State",
    "Status",
    "Suite",
    "SuiteTable",
    "counts",
    "nothing_found",
    "plan_suite",
    "run_here",
    "running",
    "statuses",
    "suite_folder",
    "write_listing",
    "write_report",
]
