"""The whole analysis of a table of scores, as values, JSON and tables."""
