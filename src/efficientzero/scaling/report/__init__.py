"""The report: one HTML page that holds the verdict, figures, tables, refusals and the method."""

from efficientzero.scaling.report.page import write_report

__all__ = ["write_report"]
