// kLanes (8) floats that behave like one. Compilers with vector types keep them in registers; others get a plain loop.
// Everything is static: an inline function with external linkage would become a weak symbol.
#pragma once

#include <stddef.h>
#include <string.h>

#if defined(__GNUC__) && defined(__AVX__)
#include <immintrin.h>
#elif defined(__GNUC__) && defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "kernels/spectral.h"

namespace serkit::kernels::SERKIT_ISA_NAMESPACE {

#if defined(__GNUC__) && defined(__AVX__)
typedef __m256 Lanes;

static inline Lanes fill(float x) { return _mm256_set1_ps(x); }
#elif defined(__GNUC__)
// Two registers: a vector type wider than the machine's would live in memory (measured: ten times slower on SSE2).
typedef float HalfLanes __attribute__((vector_size(16)));

struct Lanes {
  HalfLanes low, high;
};

static inline Lanes fill(float x) { return {HalfLanes{} + x, HalfLanes{} + x}; }
static inline Lanes operator+(Lanes a, Lanes b) { return {a.low + b.low, a.high + b.high}; }
static inline Lanes operator-(Lanes a, Lanes b) { return {a.low - b.low, a.high - b.high}; }
static inline Lanes operator*(Lanes a, Lanes b) { return {a.low * b.low, a.high * b.high}; }
static inline Lanes operator*(Lanes a, float b) { return {a.low * b, a.high * b}; }
#else
struct Lanes {
  float v[kLanes];
};

static inline Lanes fill(float x) {
  Lanes r;
  for (int l = 0; l < kLanes; ++l) r.v[l] = x;
  return r;
}
static inline Lanes operator+(Lanes a, Lanes b) {
  for (int l = 0; l < kLanes; ++l) a.v[l] += b.v[l];
  return a;
}
static inline Lanes operator-(Lanes a, Lanes b) {
  for (int l = 0; l < kLanes; ++l) a.v[l] -= b.v[l];
  return a;
}
static inline Lanes operator*(Lanes a, Lanes b) {
  for (int l = 0; l < kLanes; ++l) a.v[l] *= b.v[l];
  return a;
}
static inline Lanes operator*(Lanes a, float b) { return a * fill(b); }
#endif

static inline Lanes load(const float* p) {
  Lanes r;
  memcpy(&r, p, sizeof r);
  return r;
}

static inline void store(float* p, Lanes a) { memcpy(p, &a, sizeof a); }

// ---- transposition: rows of kLanes numbers in memory, columns in registers ----

#if defined(__GNUC__) && defined(__AVX__)

static inline Lanes two_rows(const float* low, const float* high) {
  return _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(low)), _mm_loadu_ps(high), 1);
}

static inline void transpose_halves(Lanes a, Lanes b, Lanes c, Lanes d, Lanes* out) {
  const Lanes ab_low = _mm256_unpacklo_ps(a, b), ab_high = _mm256_unpackhi_ps(a, b);
  const Lanes cd_low = _mm256_unpacklo_ps(c, d), cd_high = _mm256_unpackhi_ps(c, d);
  out[0] = _mm256_shuffle_ps(ab_low, cd_low, 0x44);
  out[1] = _mm256_shuffle_ps(ab_low, cd_low, 0xee);
  out[2] = _mm256_shuffle_ps(ab_high, cd_high, 0x44);
  out[3] = _mm256_shuffle_ps(ab_high, cd_high, 0xee);
}

// columns[i] holds rows[l][i] in lane l. Halves are joined by the load, which costs no shuffle.
static inline void load_columns(const float* const* rows, ptrdiff_t at, Lanes* columns) {
  for (int half = 0; half < 2; ++half, at += 4) {
    transpose_halves(two_rows(rows[0] + at, rows[4] + at), two_rows(rows[1] + at, rows[5] + at),
                     two_rows(rows[2] + at, rows[6] + at), two_rows(rows[3] + at, rows[7] + at), columns + 4 * half);
  }
}

// rows[l][i] = columns[i] of lane l; rows are `stride` apart.
static inline void store_rows(const Lanes* columns, float* rows, ptrdiff_t stride) {
  for (int half = 0; half < 2; ++half) {
    Lanes pair[4];
    transpose_halves(columns[4 * half], columns[4 * half + 1], columns[4 * half + 2], columns[4 * half + 3], pair);
    for (int l = 0; l < 4; ++l) {
      _mm_storeu_ps(rows + l * stride + 4 * half, _mm256_castps256_ps128(pair[l]));
      _mm_storeu_ps(rows + (l + 4) * stride + 4 * half, _mm256_extractf128_ps(pair[l], 1));
    }
  }
}

#elif defined(__GNUC__) && defined(__SSE2__)

static inline void load_columns(const float* const* rows, ptrdiff_t at, Lanes* columns) {
  for (int half = 0; half < 2; ++half, at += 4) {
    __m128 low[4], high[4];
    for (int l = 0; l < 4; ++l) low[l] = _mm_loadu_ps(rows[l] + at), high[l] = _mm_loadu_ps(rows[l + 4] + at);
    _MM_TRANSPOSE4_PS(low[0], low[1], low[2], low[3]);
    _MM_TRANSPOSE4_PS(high[0], high[1], high[2], high[3]);
    for (int i = 0; i < 4; ++i) columns[4 * half + i] = {low[i], high[i]};
  }
}

static inline void store_rows(const Lanes* columns, float* rows, ptrdiff_t stride) {
  for (int half = 0; half < 2; ++half) {
    __m128 low[4], high[4];
    for (int i = 0; i < 4; ++i) low[i] = columns[4 * half + i].low, high[i] = columns[4 * half + i].high;
    _MM_TRANSPOSE4_PS(low[0], low[1], low[2], low[3]);
    _MM_TRANSPOSE4_PS(high[0], high[1], high[2], high[3]);
    for (int l = 0; l < 4; ++l) {
      _mm_storeu_ps(rows + l * stride + 4 * half, low[l]);
      _mm_storeu_ps(rows + (l + 4) * stride + 4 * half, high[l]);
    }
  }
}

#else

static inline void load_columns(const float* const* rows, ptrdiff_t at, Lanes* columns) {
  for (int i = 0; i < kLanes; ++i) {
    float column[kLanes];
    for (int l = 0; l < kLanes; ++l) column[l] = rows[l][at + i];
    columns[i] = load(column);
  }
}

static inline void store_rows(const Lanes* columns, float* rows, ptrdiff_t stride) {
  for (int i = 0; i < kLanes; ++i) {
    float column[kLanes];
    store(column, columns[i]);
    for (int l = 0; l < kLanes; ++l) rows[l * stride + i] = column[l];
  }
}

#endif

// ---- numbers with the operators of float and int32_t, as wide as a register, for what is not lane by lane ----

#if defined(__GNUC__)
#if defined(__AVX__)
typedef float Floats __attribute__((vector_size(32)));
typedef int32_t Ints __attribute__((vector_size(32)));
#else
typedef float Floats __attribute__((vector_size(16)));
typedef int32_t Ints __attribute__((vector_size(16)));
#endif
static inline Floats to_float(Ints x) { return __builtin_convertvector(x, Floats); }
static inline Floats select(Ints yes, Floats a, Floats b) { return yes ? a : b; }
#else
typedef float Floats;
typedef int32_t Ints;
static inline Floats to_float(Ints x) { return static_cast<float>(x); }
static inline Floats select(bool yes, Floats a, Floats b) { return yes ? a : b; }
#endif

// ---- a complex number a lane: real parts, then imaginary parts ----

constexpr ptrdiff_t kComplex = 2 * kLanes;

struct Complex {
  Lanes re, im;
};

static inline Complex load_complex(const float* p) { return {load(p), load(p + kLanes)}; }

static inline void store_complex(float* p, Complex a) {
  store(p, a.re);
  store(p + kLanes, a.im);
}

static inline Complex operator+(Complex a, Complex b) { return {a.re + b.re, a.im + b.im}; }
static inline Complex operator-(Complex a, Complex b) { return {a.re - b.re, a.im - b.im}; }
static inline Complex operator*(Complex a, Lanes b) { return {a.re * b, a.im * b}; }

// a * (w[0] + i w[1])
static inline Complex times(Complex a, const float* w) {
  const Lanes re = fill(w[0]), im = fill(w[1]);
  return {a.re * re - a.im * im, a.re * im + a.im * re};
}

// a + i b and a - i b
static inline Complex plus_i(Complex a, Complex b) { return {a.re - b.im, a.im + b.re}; }
static inline Complex minus_i(Complex a, Complex b) { return {a.re + b.im, a.im - b.re}; }

}  // namespace serkit::kernels::SERKIT_ISA_NAMESPACE
