// kLanes floats that behave like one: 16 with AVX-512, else 8. Compilers with vector types keep them in registers;
// others get a plain loop. Everything is static: an inline function with external linkage would become a weak symbol.
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

#if defined(__GNUC__) && defined(__AVX512F__)
constexpr int kLanes = 16;
typedef __m512 Lanes;

static inline Lanes fill(float x) { return _mm512_set1_ps(x); }
#elif defined(__GNUC__) && defined(__AVX__)
constexpr int kLanes = 8;
typedef __m256 Lanes;

static inline Lanes fill(float x) { return _mm256_set1_ps(x); }
#elif defined(__GNUC__)
constexpr int kLanes = 8;
// Two registers: a vector type wider than the machine's would live in memory (measured: ten times slower on SSE2).
typedef float HalfLanes __attribute__((vector_size(16)));

struct Lanes {
  HalfLanes low, high;
};

static inline Lanes fill(float x) {
  const HalfLanes all = {x, x, x, x};  // not HalfLanes{} + x: 0 + x is an addition, for x may be -0
  return {all, all};
}
static inline Lanes operator+(Lanes a, Lanes b) { return {a.low + b.low, a.high + b.high}; }
static inline Lanes operator-(Lanes a, Lanes b) { return {a.low - b.low, a.high - b.high}; }
static inline Lanes operator*(Lanes a, Lanes b) { return {a.low * b.low, a.high * b.high}; }
static inline Lanes operator*(Lanes a, float b) { return {a.low * b, a.high * b}; }
#else
constexpr int kLanes = 8;
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

// ---- transposition, four columns at a time: rows in memory, columns in registers ----

#if defined(__GNUC__) && defined(__AVX__)

#if defined(__AVX512F__)
// Four numbers of rows 0, 4, 8, ... one after the other: rows are joined by the load, which costs no shuffle.
static inline Lanes every_fourth(const float* const* rows, ptrdiff_t at) {
  Lanes all = _mm512_castps128_ps512(_mm_loadu_ps(rows[0] + at));
  all = _mm512_insertf32x4(all, _mm_loadu_ps(rows[4] + at), 1);
  all = _mm512_insertf32x4(all, _mm_loadu_ps(rows[8] + at), 2);
  return _mm512_insertf32x4(all, _mm_loadu_ps(rows[12] + at), 3);
}
static inline Lanes interleave_low(Lanes a, Lanes b) { return _mm512_unpacklo_ps(a, b); }
static inline Lanes interleave_high(Lanes a, Lanes b) { return _mm512_unpackhi_ps(a, b); }
static inline Lanes low_pairs(Lanes a, Lanes b) { return _mm512_shuffle_ps(a, b, 0x44); }
static inline Lanes high_pairs(Lanes a, Lanes b) { return _mm512_shuffle_ps(a, b, 0xee); }
static inline void store_every_fourth(Lanes all, float* rows, ptrdiff_t stride) {
  _mm_storeu_ps(rows, _mm512_castps512_ps128(all));
  _mm_storeu_ps(rows + 4 * stride, _mm512_extractf32x4_ps(all, 1));
  _mm_storeu_ps(rows + 8 * stride, _mm512_extractf32x4_ps(all, 2));
  _mm_storeu_ps(rows + 12 * stride, _mm512_extractf32x4_ps(all, 3));
}
#else
static inline Lanes every_fourth(const float* const* rows, ptrdiff_t at) {
  return _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(rows[0] + at)), _mm_loadu_ps(rows[4] + at), 1);
}
static inline Lanes interleave_low(Lanes a, Lanes b) { return _mm256_unpacklo_ps(a, b); }
static inline Lanes interleave_high(Lanes a, Lanes b) { return _mm256_unpackhi_ps(a, b); }
static inline Lanes low_pairs(Lanes a, Lanes b) { return _mm256_shuffle_ps(a, b, 0x44); }
static inline Lanes high_pairs(Lanes a, Lanes b) { return _mm256_shuffle_ps(a, b, 0xee); }
static inline void store_every_fourth(Lanes all, float* rows, ptrdiff_t stride) {
  _mm_storeu_ps(rows, _mm256_castps256_ps128(all));
  _mm_storeu_ps(rows + 4 * stride, _mm256_extractf128_ps(all, 1));
}
#endif

static inline void transpose_fours(Lanes a, Lanes b, Lanes c, Lanes d, Lanes* out) {
  const Lanes ab_low = interleave_low(a, b), ab_high = interleave_high(a, b);
  const Lanes cd_low = interleave_low(c, d), cd_high = interleave_high(c, d);
  out[0] = low_pairs(ab_low, cd_low);
  out[1] = high_pairs(ab_low, cd_low);
  out[2] = low_pairs(ab_high, cd_high);
  out[3] = high_pairs(ab_high, cd_high);
}

// columns[i] holds rows[l][at + i] in lane l, i < 4.
static inline void load_columns(const float* const* rows, ptrdiff_t at, Lanes* columns) {
  transpose_fours(every_fourth(rows, at), every_fourth(rows + 1, at), every_fourth(rows + 2, at),
                  every_fourth(rows + 3, at), columns);
}

// rows[l * stride + i] = columns[i] of lane l, i < 4.
static inline void store_rows(const Lanes* columns, float* rows, ptrdiff_t stride) {
  Lanes fours[4];
  transpose_fours(columns[0], columns[1], columns[2], columns[3], fours);
  for (int l = 0; l < 4; ++l) store_every_fourth(fours[l], rows + l * stride, stride);
}

#elif defined(__GNUC__) && defined(__SSE2__)

static inline void load_columns(const float* const* rows, ptrdiff_t at, Lanes* columns) {
  __m128 low[4], high[4];
  for (int l = 0; l < 4; ++l) low[l] = _mm_loadu_ps(rows[l] + at), high[l] = _mm_loadu_ps(rows[l + 4] + at);
  _MM_TRANSPOSE4_PS(low[0], low[1], low[2], low[3]);
  _MM_TRANSPOSE4_PS(high[0], high[1], high[2], high[3]);
  for (int i = 0; i < 4; ++i) columns[i] = {low[i], high[i]};
}

static inline void store_rows(const Lanes* columns, float* rows, ptrdiff_t stride) {
  __m128 low[4], high[4];
  for (int i = 0; i < 4; ++i) low[i] = columns[i].low, high[i] = columns[i].high;
  _MM_TRANSPOSE4_PS(low[0], low[1], low[2], low[3]);
  _MM_TRANSPOSE4_PS(high[0], high[1], high[2], high[3]);
  for (int l = 0; l < 4; ++l) {
    _mm_storeu_ps(rows + l * stride, low[l]);
    _mm_storeu_ps(rows + (l + 4) * stride, high[l]);
  }
}

#else

static inline void load_columns(const float* const* rows, ptrdiff_t at, Lanes* columns) {
  for (int i = 0; i < 4; ++i) {
    float column[kLanes];
    for (int l = 0; l < kLanes; ++l) column[l] = rows[l][at + i];
    columns[i] = load(column);
  }
}

static inline void store_rows(const Lanes* columns, float* rows, ptrdiff_t stride) {
  for (int i = 0; i < 4; ++i) {
    float column[kLanes];
    store(column, columns[i]);
    for (int l = 0; l < kLanes; ++l) rows[l * stride + i] = column[l];
  }
}

#endif

// ---- numbers with the operators of float and int32_t, as wide as a register, for what is not lane by lane ----

#if defined(__GNUC__)
#if defined(__AVX512F__)
#define SERKIT_REGISTER_BYTES 64
#elif defined(__AVX__)
#define SERKIT_REGISTER_BYTES 32
#else
#define SERKIT_REGISTER_BYTES 16
#endif
typedef float Floats __attribute__((vector_size(SERKIT_REGISTER_BYTES)));
typedef int32_t Ints __attribute__((vector_size(SERKIT_REGISTER_BYTES)));
static inline Floats to_float(Ints x) { return __builtin_convertvector(x, Floats); }
static inline Floats select(Ints yes, Floats a, Floats b) { return yes ? a : b; }
#else
typedef float Floats;
typedef int32_t Ints;
static inline Floats to_float(Ints x) { return static_cast<float>(x); }
static inline Floats select(bool yes, Floats a, Floats b) { return yes ? a : b; }
#endif

// Asks for the next line of either kind.
static inline void ask(Ahead& ahead) {
#if defined(__GNUC__)
  constexpr ptrdiff_t line = 64 / sizeof(float);
  if (ahead.read < ahead.read_end) {
    __builtin_prefetch(ahead.read, 0, 3);
    ahead.read += line;
  }
  if (ahead.write < ahead.write_end) {
    __builtin_prefetch(ahead.write, 1, 3);
    ahead.write += line;
  }
#else
  (void)ahead;
#endif
}

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
