"""Results: the files that stages wrote, checked, as tables of scores, costs, drift and soundness."""
