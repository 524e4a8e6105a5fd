"""EfficientZero (Ye et al. 2021); with its three components switched off, MuZero-Reanalyze.

Begin with ``agent.py``: how it acts, and an update from top to bottom. ``batch.py`` makes what an update learns from,
``loss.py`` is what it descends. The model is ``network.py`` with ``dynamics.py``. ``reanalysis.py`` makes old estimates
anew, and ``soundness.py`` measures whether the model holds.
"""

from efficientzero.agents.efficientzero.agent import EfficientZeroAgent
