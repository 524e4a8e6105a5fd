"""Tree search in the latent space of a learned model (layer 3).

``search`` runs a batch of positions through the model; the trees themselves are Cython (``pyx/tree.pyx``).
"""

from efficientzero.search.model import RecurrentOutput, SearchModel, SearchRoot
from efficientzero.search.search import SearchResult, search

__all__ = ["RecurrentOutput", "SearchModel", "SearchResult", "SearchRoot", "search"]
