"""EfficientZero as a laboratory: agents grown through doubling frame budgets, and what their scaling curves say."""

__version__ = "0.1.0"
