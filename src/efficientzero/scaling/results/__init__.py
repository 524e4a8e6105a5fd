"""Results: the files that stages wrote, checked, as tables of scores, costs and drift."""
