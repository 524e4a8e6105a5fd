"""The Cython modules of ``pyx/``: ``efficientzero.compiled.tree``, ``efficientzero.compiled.sum_tree``.

Installed from a wheel, they lie in this package. In a checkout they lie in a folder of their own outside it, named by a
hash of their sources, and importing this package compiles them when that folder is missing. So every checkout, a queued
experiment's temporary one included, runs the Cython of its own commit, and one never overwrites another's.
``python -m efficientzero.compiled`` compiles ahead of time.
"""

from efficientzero.compiled.build import CompilationError, find_checkout
from efficientzero.compiled.build import build as _build

__all__ = ["CompilationError"]

_checkout = find_checkout()
if _checkout is not None:
    __path__.insert(0, str(_build(_checkout)))
