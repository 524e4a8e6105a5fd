"""EfficientZero (Ye et al. 2021); with its three components switched off, MuZero-Reanalyze."""

from efficientzero.agents.efficientzero.agent import EfficientZeroAgent
