// kLanes (8) floats that behave like one. Compilers with vector types keep them in registers; others get a plain loop.
// Everything is static: an inline function with external linkage would become a weak symbol.
#pragma once

#include <string.h>

#include "kernels/log_mel.h"

namespace serkit::kernels::SERKIT_ISA_NAMESPACE {

#if defined(__GNUC__) && defined(__AVX__)
typedef float Lanes __attribute__((vector_size(32)));

static inline Lanes fill(float x) { return Lanes{} + x; }
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

// A complex number a lane: real parts, then imaginary parts.
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
static inline Complex operator*(Complex a, float b) { return {a.re * b, a.im * b}; }

// a * (re + i im)
static inline Complex times(Complex a, float re, float im) { return {a.re * re - a.im * im, a.re * im + a.im * re}; }

static inline Complex times_minus_i(Complex a) { return {a.im, fill(0.0f) - a.re}; }

}  // namespace serkit::kernels::SERKIT_ISA_NAMESPACE
