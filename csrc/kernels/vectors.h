// One register of the instruction set, as values of type T, and the few operations that kernels of any width need.
// Everything is static: an inline function with external linkage would become a weak symbol.
#pragma once

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

namespace serkit::kernels::SERKIT_ISA_NAMESPACE {

#if defined(__GNUC__)
#if defined(__AVX512F__)
#define SERKIT_VECTOR_BYTES 64
#elif defined(__AVX__)
#define SERKIT_VECTOR_BYTES 32
#else
#define SERKIT_VECTOR_BYTES 16
#endif

template <typename T>
struct Register;
template <>
struct Register<float> {
  typedef float Values __attribute__((vector_size(SERKIT_VECTOR_BYTES)));
  typedef uint32_t Bits __attribute__((vector_size(SERKIT_VECTOR_BYTES)));
};
template <>
struct Register<double> {
  typedef double Values __attribute__((vector_size(SERKIT_VECTOR_BYTES)));
};
#else  // one value a register: every operation below is then one of the language
template <typename T>
struct Register {
  typedef T Values;
  typedef uint32_t Bits;
};
#endif

template <typename T>
using Vector = typename Register<T>::Values;
using FloatBits = Register<float>::Bits;

template <typename T>
constexpr ptrdiff_t kWidth = static_cast<ptrdiff_t>(sizeof(Vector<T>) / sizeof(T));

template <typename T>
static inline Vector<T> load(const T* p) {
  Vector<T> v;
  memcpy(&v, p, sizeof v);
  return v;
}

template <typename T>
static inline void store(T* p, Vector<T> v) {
  memcpy(p, &v, sizeof v);
}

// Past the caches, to memory: a plain store would read the line first. `p` is aligned to the register; where there is
// no such store, a plain one. `end_streams` comes before other threads may read.
#if defined(__clang__)
template <typename T>
static inline void stream(T* p, Vector<T> v) {
  __builtin_nontemporal_store(v, reinterpret_cast<Vector<T>*>(p));
}
#elif defined(__GNUC__) && defined(__AVX512F__)
static inline void stream(float* p, Vector<float> v) { __builtin_ia32_movntps512(p, v); }
static inline void stream(double* p, Vector<double> v) { __builtin_ia32_movntpd512(p, v); }
#elif defined(__GNUC__) && defined(__AVX__)
static inline void stream(float* p, Vector<float> v) { __builtin_ia32_movntps256(p, v); }
static inline void stream(double* p, Vector<double> v) { __builtin_ia32_movntpd256(p, v); }
#elif defined(__GNUC__) && defined(__SSE2__)
static inline void stream(float* p, Vector<float> v) { __builtin_ia32_movntps(p, v); }
static inline void stream(double* p, Vector<double> v) { __builtin_ia32_movntpd(p, v); }
#else
template <typename T>
static inline void stream(T* p, Vector<T> v) {
  store(p, v);
}
#endif

static inline void end_streams() {
#if defined(__GNUC__) && defined(__SSE2__)
  __builtin_ia32_sfence();
#endif
}

// The first `count` values, then zeros.
template <typename T>
static inline Vector<T> load_part(const T* p, ptrdiff_t count) {
  T values[kWidth<T>] = {};
  for (ptrdiff_t i = 0; i < count; ++i) values[i] = p[i];
  return load(values);
}

template <typename T>
static inline void store_part(T* p, Vector<T> v, ptrdiff_t count) {
  T values[kWidth<T>];
  store(values, v);
  for (ptrdiff_t i = 0; i < count; ++i) p[i] = values[i];
}

// Written as a loop over lanes, which becomes one load that repeats the value; `Vector{} + x` would keep the addition.
template <typename T>
static inline Vector<T> repeat(T x) {
  T values[kWidth<T>];
  for (ptrdiff_t i = 0; i < kWidth<T>; ++i) values[i] = x;
  return load(values);
}

// The sum of all lanes, halves first.
template <typename T>
static inline T sum_of(Vector<T> v) {
  T values[kWidth<T>];
  store(values, v);
  for (ptrdiff_t half = kWidth<T> / 2; half > 0; half /= 2) {
    for (ptrdiff_t i = 0; i < half; ++i) values[i] += values[i + half];
  }
  return values[0];
}

static inline FloatBits bits_of(Vector<float> v) {
  FloatBits bits;
  memcpy(&bits, &v, sizeof bits);
  return bits;
}

static inline Vector<float> float_of(FloatBits bits) {
  Vector<float> v;
  memcpy(&v, &bits, sizeof v);
  return v;
}

}  // namespace serkit::kernels::SERKIT_ISA_NAMESPACE
