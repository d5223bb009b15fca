#include <math.h>
#include <string.h>

#include "kernels/spectral.h"

namespace serkit::kernels::SERKIT_ISA_NAMESPACE {
namespace {

void add_moments(const float* samples, int64_t index, int64_t count, double shift, MomentSums* sums) {
  double sum[kMoments], square[kMoments];
  memcpy(sum, sums->sum, sizeof sum);
  memcpy(square, sums->square, sizeof square);
  int64_t i = 0;
  for (; i < count && (index + i) % kMoments != 0; ++i) {
    const double d = samples[i] - shift;
    sum[(index + i) % kMoments] += d;
    square[(index + i) % kMoments] += d * d;
  }
  for (; i + kMoments <= count; i += kMoments) {
    for (int lane = 0; lane < kMoments; ++lane) {
      const double d = samples[i + lane] - shift;
      sum[lane] += d;
      square[lane] += d * d;
    }
  }
  for (int lane = 0; i < count; ++i, ++lane) {
    const double d = samples[i] - shift;
    sum[lane] += d;
    square[lane] += d * d;
  }
  memcpy(sums->sum, sum, sizeof sum);
  memcpy(sums->square, square, sizeof square);
}

void condition(const float* samples, int64_t count, double mean, double scale, double preemphasis, float* out) {
  if (preemphasis == 0.0) {
    for (int64_t i = 0; i < count; ++i) out[i] = static_cast<float>((samples[i] - mean) * scale);
    return;
  }
  for (int64_t i = 0; i < count; ++i) {
    out[i] = static_cast<float>(((samples[i] - mean) - preemphasis * (samples[i - 1] - mean)) * scale);
  }
}

bool all_within(const float* samples, int64_t count, float limit) {
  // Without their signs floats are ordered as their bits are, infinity and NaN above all others: no comparison of
  // floats, which compilers do not reduce over lanes.
  int32_t highest;
  memcpy(&highest, &limit, sizeof highest);
  int32_t beyond = 0;
  for (int64_t i = 0; i < count; ++i) {
    int32_t bits;
    memcpy(&bits, samples + i, sizeof bits);
    beyond |= (bits & 0x7fffffff) > highest;
  }
  return beyond == 0;
}

}  // namespace

extern const SignalKernels signal = {add_moments, condition, all_within};

}  // namespace serkit::kernels::SERKIT_ISA_NAMESPACE
