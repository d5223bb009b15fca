#include "kernels/log_mel.h"

#include <float.h>
#include <stdint.h>
#include <string.h>

#include "kernels/lanes.h"

namespace serkit::kernels::SERKIT_ISA_NAMESPACE {
namespace {

// ---- FFT: Stockham, decimation in frequency, so that the output comes in order without a permutation ----

constexpr ptrdiff_t kComplex = 2 * kLanes;  // floats of one complex number in all lanes

void pass2(const FftStage& s, const float* x, float* y) {
  for (int p = 0; p < s.groups; ++p) {
    const float* w = s.twiddles + 2 * p;
    for (int q = 0; q < s.stride; ++q) {
      const float* in = x + kComplex * (q + static_cast<ptrdiff_t>(s.stride) * p);
      const ptrdiff_t step = kComplex * s.stride * s.groups;
      const Complex a0 = load_complex(in), a1 = load_complex(in + step);
      float* out = y + kComplex * (q + static_cast<ptrdiff_t>(s.stride) * 2 * p);
      store_complex(out, a0 + a1);
      store_complex(out + kComplex * s.stride, times(a0 - a1, w[0], w[1]));
    }
  }
}

void pass3(const FftStage& s, const float* x, float* y) {
  const float sin60 = 0.866025403784438647f;
  for (int p = 0; p < s.groups; ++p) {
    const float* w = s.twiddles + 4 * p;
    for (int q = 0; q < s.stride; ++q) {
      const float* in = x + kComplex * (q + static_cast<ptrdiff_t>(s.stride) * p);
      const ptrdiff_t step = kComplex * s.stride * s.groups;
      const Complex a0 = load_complex(in), a1 = load_complex(in + step), a2 = load_complex(in + 2 * step);
      const Complex sum = a1 + a2, turned = times_minus_i(a1 - a2) * sin60, centre = a0 - sum * 0.5f;
      float* out = y + kComplex * (q + static_cast<ptrdiff_t>(s.stride) * 3 * p);
      const ptrdiff_t next = kComplex * s.stride;
      store_complex(out, a0 + sum);
      store_complex(out + next, times(centre + turned, w[0], w[1]));
      store_complex(out + 2 * next, times(centre - turned, w[2], w[3]));
    }
  }
}

void pass4(const FftStage& s, const float* x, float* y) {
  for (int p = 0; p < s.groups; ++p) {
    const float* w = s.twiddles + 6 * p;
    for (int q = 0; q < s.stride; ++q) {
      const float* in = x + kComplex * (q + static_cast<ptrdiff_t>(s.stride) * p);
      const ptrdiff_t step = kComplex * s.stride * s.groups;
      const Complex a0 = load_complex(in), a1 = load_complex(in + step);
      const Complex a2 = load_complex(in + 2 * step), a3 = load_complex(in + 3 * step);
      const Complex even = a0 + a2, even_odd = a0 - a2, odd = a1 + a3, turned = times_minus_i(a1 - a3);
      float* out = y + kComplex * (q + static_cast<ptrdiff_t>(s.stride) * 4 * p);
      const ptrdiff_t next = kComplex * s.stride;
      store_complex(out, even + odd);
      store_complex(out + next, times(even_odd + turned, w[0], w[1]));
      store_complex(out + 2 * next, times(even - odd, w[2], w[3]));
      store_complex(out + 3 * next, times(even_odd - turned, w[4], w[5]));
    }
  }
}

void pass5(const FftStage& s, const float* x, float* y) {
  const float cos72 = 0.309016994374947424f, cos144 = -0.809016994374947424f;
  const float sin72 = 0.951056516295153572f, sin144 = 0.587785252292473129f;
  for (int p = 0; p < s.groups; ++p) {
    const float* w = s.twiddles + 8 * p;
    for (int q = 0; q < s.stride; ++q) {
      const float* in = x + kComplex * (q + static_cast<ptrdiff_t>(s.stride) * p);
      const ptrdiff_t step = kComplex * s.stride * s.groups;
      const Complex a0 = load_complex(in), a1 = load_complex(in + step), a2 = load_complex(in + 2 * step);
      const Complex a3 = load_complex(in + 3 * step), a4 = load_complex(in + 4 * step);
      const Complex near = a1 + a4, far = a2 + a3, near_gap = a1 - a4, far_gap = a2 - a3;
      const Complex real1 = a0 + near * cos72 + far * cos144, real2 = a0 + near * cos144 + far * cos72;
      const Complex turned1 = times_minus_i(near_gap * sin72 + far_gap * sin144);
      const Complex turned2 = times_minus_i(near_gap * sin144 - far_gap * sin72);
      float* out = y + kComplex * (q + static_cast<ptrdiff_t>(s.stride) * 5 * p);
      const ptrdiff_t next = kComplex * s.stride;
      store_complex(out, a0 + near + far);
      store_complex(out + next, times(real1 + turned1, w[0], w[1]));
      store_complex(out + 2 * next, times(real2 + turned2, w[2], w[3]));
      store_complex(out + 3 * next, times(real2 - turned2, w[4], w[5]));
      store_complex(out + 4 * next, times(real1 - turned1, w[6], w[7]));
    }
  }
}

// Transforms x in place or into y, whichever the number of passes makes it; returns where the result is.
const float* complex_fft(const FftTables& t, float* x, float* y) {
  for (int i = 0; i < t.n_stages; ++i) {
    const FftStage& s = t.stages[i];
    if (s.radix == 4) {
      pass4(s, x, y);
    } else if (s.radix == 2) {
      pass2(s, x, y);
    } else if (s.radix == 3) {
      pass3(s, x, y);
    } else {
      pass5(s, x, y);
    }
    float* swap = x;
    x = y;
    y = swap;
  }
  return x;
}

struct Pair {
  Complex low, high;
};

// Bins k and size / 2 - k of the real FFT from z, the complex FFT of even samples + i odd samples.
inline Pair split_bins(const FftTables& t, const float* z, int k) {
  const int half = t.size / 2;
  const Complex a = load_complex(z + kComplex * k), mirror = load_complex(z + kComplex * (k == 0 ? 0 : half - k));
  const Complex b = {mirror.re, fill(0.0f) - mirror.im};
  const Complex even = (a + b) * 0.5f, odd = times_minus_i((a - b) * 0.5f);
  const Complex turned = times(odd, t.split[2 * k], -t.split[2 * k + 1]);
  const Complex high = even - turned;
  return {even + turned, {high.re, fill(0.0f) - high.im}};
}

// Lanes of samples (times window) to the FFT's input: pairs of samples are complex numbers where the size is even,
// else each sample is the real part of one. Rows beyond `length`, lanes beyond n_frames and imaginary parts are zero.
void load_frames(const FftTables& t, const float* samples, ptrdiff_t hop, const float* window, int length, int n_frames,
                 float* work) {
  const ptrdiff_t step = t.packed ? kLanes : kComplex;
  memset(work, 0, sizeof(float) * kLanes * t.size * (t.packed ? 1 : 2));
  if (n_frames == kLanes) {
    for (int i = 0; i < length; ++i) {
      float* out = work + step * i;
      const float w = window[i];
      for (int l = 0; l < kLanes; ++l) out[l] = samples[l * hop + i] * w;
    }
    return;
  }
  for (int l = 0; l < n_frames; ++l) {
    for (int i = 0; i < length; ++i) work[step * i + l] = samples[l * hop + i] * window[i];
  }
}

inline Lanes squared(Complex a) { return a.re * a.re + a.im * a.im; }

void power_spectrum(const FftTables& t, const float* z, float* power) {
  const int half = t.size / 2;
  if (!t.packed) {
    for (int k = 0; k <= half; ++k) store(power + kLanes * k, squared(load_complex(z + kComplex * k)));
    return;
  }
  for (int k = 0; k <= half / 2; ++k) {
    const Pair bins = split_bins(t, z, k);
    store(power + kLanes * (half - k), squared(bins.high));
    store(power + kLanes * k, squared(bins.low));
  }
}

// Four partial sums a band: a shorter chain of additions, and a smaller rounding error than one.
void mel_bands(const MelTables& t, const float* power, float* bands) {
  for (int b = 0; b < t.n_bands; ++b) {
    const float* p = power + static_cast<ptrdiff_t>(kLanes) * t.first_bin[b];
    const float* w = t.weights + t.first_weight[b];
    Lanes sum[4] = {fill(0.0f), fill(0.0f), fill(0.0f), fill(0.0f)};
    int j = 0;
    for (; j + 4 <= t.n_bins[b]; j += 4) {
      for (int i = 0; i < 4; ++i) sum[i] = sum[i] + load(p + kLanes * (j + i)) * w[j + i];
    }
    for (; j < t.n_bins[b]; ++j) sum[0] = sum[0] + load(p + kLanes * j) * w[j];
    store(bands + kLanes * b, (sum[0] + sum[1]) + (sum[2] + sum[3]));
  }
}

// Natural logarithms of positive finite numbers, subnormal ones included. x = 2^e m with m in [sqrt(1/2), sqrt(2)), and
// log m = 2 artanh(s), s = (m - 1) / (m + 1), |s| < 0.172: the series 2 (s + s^3/3 + ...) is cut after s^9, which
// leaves a relative s^10 / 11 < 3e-9, far below float32's half unit in the last place.
void natural_log(float* x, int count) {
  const float ln2_high = 0.693359375f, ln2_low = -2.12194440e-4f;  // the high part has 9 bits: e * ln2_high is exact
  for (int i = 0; i < count; ++i) {
    const bool subnormal = x[i] < FLT_MIN;
    const float v = subnormal ? x[i] * 16777216.0f : x[i];
    int32_t bits;
    memcpy(&bits, &v, sizeof bits);
    const int32_t half_sqrt = 0x3f3504f3;  // sqrt(1/2)
    const int32_t exponent = (bits - half_sqrt) >> 23;
    const int32_t reduced = bits - exponent * (1 << 23);  // not a shift: the exponent may be negative
    float m;
    memcpy(&m, &reduced, sizeof m);
    const float e = static_cast<float>(exponent - (subnormal ? 24 : 0));
    const float f = m - 1.0f;
    const float s = f / (m + 1.0f), z = s * s;
    // log m = f - s (f - 2 z (1/3 + z/5 + ...)): f is exact, so the rounding of s only meets a small term
    const float tail = z * (0.666666667f + z * (0.4f + z * (0.285714286f + z * 0.222222222f)));
    x[i] = e * ln2_high + (f - (s * (f - tail) - e * ln2_low));
  }
}

void take_log(LogKind kind, float floor, float* x, int count) {
  if (kind == LogKind::none) return;
  if (kind == LogKind::natural) {
    for (int i = 0; i < count; ++i) x[i] = x[i] > floor ? x[i] : floor;
  } else {
    // what NumPy code with float64 spectra puts in place of an exact zero
    for (int i = 0; i < count; ++i) x[i] = x[i] == 0.0f ? static_cast<float>(DBL_EPSILON) : x[i];
  }
  natural_log(x, count);
}

// ---- entry points ----

void mel_rows(const LogMelTables* tables, const float* samples, int n_frames, float* work, float* rows) {
  const LogMelTables& t = *tables;
  float* other = work + 2 * static_cast<ptrdiff_t>(kLanes) * t.fft.size;
  load_frames(t.fft, samples, t.hop, t.window, t.window_length, n_frames, work);
  const float* z = complex_fft(t.fft, work, other);
  float* power = z == work ? other : work;
  power_spectrum(t.fft, z, power);
  float* bands = power == work ? other : work;  // the spectrum is no longer needed
  mel_bands(t.mel, power, bands);
  take_log(t.log, t.floor, bands, kLanes * t.mel.n_bands);
  for (int l = 0; l < n_frames; ++l) {
    for (int b = 0; b < t.mel.n_bands; ++b) rows[static_cast<ptrdiff_t>(l) * t.mel.n_bands + b] = bands[kLanes * b + l];
  }
}

void store_bin(Complex bin, int k, int n_bins, int n_frames, float* spectra) {
  float parts[2 * kLanes];
  store_complex(parts, bin);
  for (int l = 0; l < n_frames; ++l) {
    float* out = spectra + 2 * (static_cast<ptrdiff_t>(l) * n_bins + k);
    out[0] = parts[l];
    out[1] = parts[kLanes + l];
  }
}

void real_fft(const FftTables* tables, const float* samples, int n_frames, float* work, float* spectra) {
  const FftTables& t = *tables;
  float* other = work + 2 * static_cast<ptrdiff_t>(kLanes) * t.size;
  const ptrdiff_t step = t.packed ? kLanes : kComplex;
  memset(work, 0, sizeof(float) * kLanes * t.size * (t.packed ? 1 : 2));
  for (int l = 0; l < n_frames; ++l) {
    for (int i = 0; i < t.size; ++i) work[step * i + l] = samples[static_cast<ptrdiff_t>(l) * t.size + i];
  }
  const float* z = complex_fft(t, work, other);
  const int half = t.size / 2, n_bins = half + 1;
  if (!t.packed) {
    for (int k = 0; k <= half; ++k) store_bin(load_complex(z + kComplex * k), k, n_bins, n_frames, spectra);
    return;
  }
  for (int k = 0; k <= half / 2; ++k) {
    const Pair bins = split_bins(t, z, k);
    store_bin(bins.high, half - k, n_bins, n_frames, spectra);
    store_bin(bins.low, k, n_bins, n_frames, spectra);
  }
}

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

void delta_row(const float* const* rows, int half, float denominator, int n_bands, float* out) {
  for (int b = 0; b < n_bands; ++b) out[b] = 0.0f;
  for (int n = 1; n <= half; ++n) {
    const float* after = rows[half + n];
    const float* before = rows[half - n];
    const float factor = static_cast<float>(n);
    for (int b = 0; b < n_bands; ++b) out[b] += factor * (after[b] - before[b]);
  }
  for (int b = 0; b < n_bands; ++b) out[b] /= denominator;
}

}  // namespace

extern const LogMelKernels log_mel = {add_moments, condition, mel_rows, real_fft, delta_row};

}  // namespace serkit::kernels::SERKIT_ISA_NAMESPACE
