# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""A binary tree of sums for sampling in proportion to priorities (Schaul et al. 2016, appendix B.2.1).

Each inner node is the sum of its two children, recomputed and never adjusted, so the tree is a pure function of its
leaves: rebuilding it from saved priorities gives the same bytes as having grown it.
"""

import numpy as np


cdef class SumTree:
    """Sums over a power-of-two number of float64 leaves, all zero at first.

    Args:
        capacity: the least number of leaves; rounded up to a power of two.
    """

    cdef double[::1] nodes
    cdef readonly Py_ssize_t leaves

    def __init__(self, Py_ssize_t capacity):
        if capacity < 1:
            raise ValueError(f"a sum tree needs a capacity of at least 1, not {capacity}")
        self.leaves = 1
        while self.leaves < capacity:
            self.leaves *= 2
        self.nodes = np.zeros(2 * self.leaves, dtype=np.float64)

    @property
    def total(self):
        """The sum of all priorities."""
        return self.nodes[1]

    @property
    def priorities(self):
        """The leaves, float64 ``[leaves]``: a view that cannot be written to."""
        view = np.asarray(self.nodes[self.leaves:])
        view.setflags(write=False)
        return view

    def update(self, const long long[::1] indices, const double[::1] priorities):
        """Sets leaves. Of an index given twice the last value stays.

        Args:
            indices: int64 ``[n]``. priorities: float64 ``[n]``, finite and not negative.

        Raises:
            IndexError: an index outside the tree. ValueError: a bad priority, or arrays of different lengths.
        """
        cdef Py_ssize_t i, node
        cdef double priority
        if indices.shape[0] != priorities.shape[0]:
            raise ValueError(f"{indices.shape[0]} indices but {priorities.shape[0]} priorities")
        for i in range(indices.shape[0]):
            if indices[i] < 0 or indices[i] >= self.leaves:
                raise IndexError(f"index {indices[i]} is outside a sum tree of {self.leaves} leaves")
            priority = priorities[i]
            if not 0.0 <= priority < float("inf"):
                raise ValueError(f"priorities are finite and not negative; index {indices[i]} was given {priority}")
        with nogil:
            for i in range(indices.shape[0]):
                node = indices[i] + self.leaves
                self.nodes[node] = priorities[i]
                node //= 2
                while node >= 1:
                    self.nodes[node] = self.nodes[2 * node] + self.nodes[2 * node + 1]
                    node //= 2

    def sample(self, const double[::1] uniforms):
        """Draws indices in proportion to their priorities.

        Args:
            uniforms: float64 ``[n]`` in [0, 1); stratify them to stratify the draw.

        Returns:
            int64 ``[n]``. An index of priority 0 is never drawn.

        Raises:
            ValueError: when all priorities are zero.
        """
        cdef Py_ssize_t i, node
        cdef double mass
        cdef long long[::1] drawn = np.empty(uniforms.shape[0], dtype=np.int64)
        if not self.nodes[1] > 0.0:
            raise ValueError("nothing to sample: all priorities are zero")
        with nogil:
            for i in range(uniforms.shape[0]):
                mass = uniforms[i] * self.nodes[1]
                node = 1
                while node < self.leaves:
                    node *= 2
                    # Rounding may leave a little mass at a zero node's edge: never enter a subtree that holds nothing.
                    if mass >= self.nodes[node] and self.nodes[node + 1] > 0.0 or self.nodes[node] == 0.0:
                        mass = mass - self.nodes[node]
                        node += 1
                drawn[i] = node - self.leaves
        return np.asarray(drawn)
