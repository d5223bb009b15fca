// exp and tanh of a register. float: polynomials of our own (fitted for the smallest relative error), within 1.1 ulp
// for exp and 1.4 ulp for tanh of the true value, measured on every 13th float with each instruction set; double: libm,
// a lane at a time, since double serves gradient checks and not speed. NaN stays NaN; no value depends on its lane.
#pragma once

#include "kernels/vectors.h"

namespace serkit::kernels::SERKIT_ISA_NAMESPACE {

// 0 below -86.9, where results near the smallest normal number begin, infinity above 88.72.
static inline Vector<float> exp_of(Vector<float> x) {
  const float lowest = -86.9f, highest = 88.72283f;
  // Adding 1.5 * 2^23 rounds to an integer and leaves it in the low bits.
  const float rounder = 12582912.0f;
  Vector<float> bounded = x < lowest ? repeat(lowest) : x;  // NaN compares false and passes
  bounded = bounded > highest ? repeat(highest) : bounded;
  const Vector<float> shifted = bounded * 1.44269504f + rounder;
  const Vector<float> n = shifted - rounder;
  // ln 2 in two parts: n times the first is exact
  const Vector<float> r = (bounded - n * 0.693359375f) + n * 2.12194440e-4f;
  Vector<float> p = r * 1.3814596e-3f + 8.3687175e-3f;
  p = p * r + 4.166839e-2f;
  p = p * r + 1.6666521e-1f;
  p = p * r + 4.9999994e-1f;
  p = (p * r) * r + r + 1.0f;
  // 2^n as 2 * 2^(n - 1): n may be 128, which has no float
  const FloatBits scale = (bits_of(shifted) - 0x4b400000u + 126u) << 23;
  const Vector<float> grown = (p * 2.0f) * float_of(scale);
  const Vector<float> flushed = x < lowest ? repeat(0.0f) : grown;
  return x > highest ? repeat(HUGE_VALF) : flushed;
}

// Odd to the bit; exactly 1 from 9.01 on.
static inline Vector<float> tanh_of(Vector<float> x) {
  const FloatBits sign = bits_of(x) & 0x80000000u;
  const Vector<float> a = float_of(bits_of(x) & 0x7fffffffu);
  const Vector<float> s = a * a;
  Vector<float> p = s * -5.7049785e-3f + 2.0639079e-2f;
  p = p * s - 5.373971e-2f;
  p = p * s + 1.3331442e-1f;
  p = p * s - 3.333328e-1f;
  const Vector<float> near = (p * s) * a + a;
  const Vector<float> bounded = a > 10.0f ? repeat(10.0f) : a;
  const Vector<float> far = 1.0f - 2.0f / (exp_of(bounded * 2.0f) + 1.0f);
  const Vector<float> result = a < 0.625f ? near : far;
  return float_of(bits_of(result) | sign);
}

template <double (*Function)(double)>
static inline Vector<double> lane_by_lane(Vector<double> x) {
  double values[kWidth<double>];
  store(values, x);
  for (ptrdiff_t i = 0; i < kWidth<double>; ++i) values[i] = Function(values[i]);
  return load(values);
}

static inline Vector<double> exp_of(Vector<double> x) { return lane_by_lane<exp>(x); }
static inline Vector<double> tanh_of(Vector<double> x) { return lane_by_lane<tanh>(x); }

}  // namespace serkit::kernels::SERKIT_ISA_NAMESPACE
