"""Findings with other values in the place of some of them."""

import numpy as np

from efficientzero.scaling.findings import Findings

REFUSED = {"estimate": np.nan, "low": np.nan, "high": np.nan, "reason": "no"}


def changed(findings, quantity, ceiling=None, estimand=None, second=None, **values):
    """The same findings with other values of one quantity, everywhere or where it is said."""

    def meant(row):
        asked = zip(row.place[1:], (second, ceiling, estimand), strict=True)
        return row.quantity == quantity and all(wanted in (None, part) for part, wanted in asked)

    return Findings(row._replace(**values) if meant(row) else row for row in findings.rows)


def refused(findings, quantity, reason, **where):
    """The same findings with a reason in the place of a number."""
    return changed(findings, quantity, **where, **{**REFUSED, "reason": reason})
