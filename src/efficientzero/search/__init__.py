"""Tree search in the latent space of a learned model.

``search`` runs a batch of positions through the model; the trees themselves are Cython (``pyx/tree.pyx``).
"""

from efficientzero.search.driver import search
from efficientzero.search.model import RecurrentOutput, SearchModel, SearchRoot
from efficientzero.search.result import SearchResult

__all__ = ["RecurrentOutput", "SearchModel", "SearchResult", "SearchRoot", "search"]
