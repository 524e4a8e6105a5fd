# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Arithmetic on float32 that vectorises and gives the same bits on every machine."""

from libc.stdint cimport int32_t

cdef extern from *:
    """
    #include <stdint.h>
    #include <string.h>
    static const float LARGEST = 3.40282347e+38f;
    /* exp(x) for x <= 0, within 2 units in the last place, 0 below -86. Written out so that it vectorises and so that
       it gives the same bits everywhere, which the C library's expf does not. */
    static inline float exp_of_nonpositive(float x) {
        float shifted = x * 1.44269504f + 12582912.0f;  /* 1.5 * 2**23: the low bits hold round(x / ln 2) */
        float n = shifted - 12582912.0f;
        float r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
        float y = 1.9875691500e-4f;
        uint32_t exponent, bits;
        int32_t argument;
        y = y * r + 1.3981999507e-3f;
        y = y * r + 8.3334519073e-3f;
        y = y * r + 4.1665795894e-2f;
        y = y * r + 1.6666665459e-1f;
        y = y * r + 5.0000001201e-1f;
        y = y * (r * r) + r + 1.0f;
        memcpy(&exponent, &shifted, 4);
        memcpy(&bits, &y, 4);
        memcpy(&argument, &x, 4);
        bits += exponent << 23;
        /* x < -86 as integers, because compilers do not vectorise comparisons of floats that may trap */
        bits &= (argument & 0x7fffffff) > 0x42ac0000 ? 0u : 0xffffffffu;
        memcpy(&y, &bits, 4);
        return y;
    }
    /* 1 where x is NaN or infinite, else 0 */
    static inline int32_t is_not_finite(float x) {
        uint32_t bits;
        memcpy(&bits, &x, 4);
        return (bits & 0x7f800000u) == 0x7f800000u;
    }
    """
    const float LARGEST
    float exp_of_nonpositive(float x) noexcept nogil
    int32_t is_not_finite(float x) noexcept nogil


cdef inline float larger(float a, float b) noexcept nogil:
    return a if a > b else b


cdef inline float smaller(float a, float b) noexcept nogil:
    return a if a < b else b


cdef inline float sum_of_positive(const float* numbers, Py_ssize_t count) noexcept nogil:
    """The sum of those above 0; count is a multiple of 4."""
    cdef float total0 = 0.0, total1 = 0.0, total2 = 0.0, total3 = 0.0
    cdef Py_ssize_t i
    for i in range(0, count, 4):
        total0 += larger(numbers[i], 0.0)
        total1 += larger(numbers[i + 1], 0.0)
        total2 += larger(numbers[i + 2], 0.0)
        total3 += larger(numbers[i + 3], 0.0)
    return (total0 + total1) + (total2 + total3)


cdef inline float softmax_where(float* logits, const int32_t* legal, Py_ssize_t count) noexcept nogil:
    """softmax in place over the legal entries, 0 elsewhere; returns the largest legal logit."""
    cdef float largest = -LARGEST, total = 0.0
    cdef Py_ssize_t i
    for i in range(count):
        if legal[i]:
            largest = larger(largest, logits[i])
    for i in range(count):
        logits[i] = exp_of_nonpositive(logits[i] - largest) if legal[i] else 0.0
        total += logits[i]
    for i in range(count):
        logits[i] /= total
    return largest
