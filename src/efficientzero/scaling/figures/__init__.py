"""The figures, as a paper would print them."""
