# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Which root actions Gumbel search looks at when, as a table of visit counts: mctx ``seq_halving.py``."""

from libc.stdint cimport int32_t


cdef inline void fill_considered_visits(int32_t* table, Py_ssize_t most, Py_ssize_t simulations) noexcept nogil:
    """The visit count that an action must have to be considered, for every simulation.

    Row k of the table, ``[most + 1, simulations]``, is for k considered actions. Choosing at every simulation the best
    action among those with that many visits carries out sequential halving (Karnin et al. 2013; Danihelka et al. 2022,
    algorithm 2): all k actions are visited equally often, then the better half, and so on down to two, until the
    simulations are used up.
    """
    cdef Py_ssize_t considered, racing, phases, made, end, round
    cdef int32_t visits
    for considered in range(most + 1):
        racing, phases, made, visits = max(considered, 1), 1, 0, 0
        while 1 << phases < considered:
            phases += 1
        while made < simulations:
            for round in range(max(1, simulations // (phases * racing))):
                end = min(made + racing, simulations)
                while made < end:
                    table[considered * simulations + made] = visits
                    made += 1
                visits += 1
            racing = max(2, racing // 2)
