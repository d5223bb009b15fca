#include "kernels/spectral.h"

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "kernels/fft.h"
#include "kernels/lanes.h"

namespace serkit::kernels::SERKIT_ISA_NAMESPACE {
namespace {

// ---- frame ----

// Samples of kLanes frames, times window where there is one, to lanes `step` floats apart.
void gather(const float* const* frames, int length, const float* window, float* work, ptrdiff_t step) {
  int i = 0;
  for (; i + 4 <= length; i += 4) {
    Lanes columns[4];
    load_columns(frames, i, columns);
    for (int j = 0; j < 4; ++j) {
      store(work + step * (i + j), window ? columns[j] * fill(window[i + j]) : columns[j]);
    }
  }
  for (; i < length; ++i) {  // four columns would reach beyond the last frame
    for (int l = 0; l < kLanes; ++l) work[step * i + l] = frames[l][i] * (window ? window[i] : 1.0f);
  }
}

// Sum over i of f(i) in four partial sums: a shorter chain of additions, and a smaller rounding error than one.
template <typename F>
inline Lanes sum_of(int count, F f) {
  Lanes sum[4] = {fill(0.0f), fill(0.0f), fill(0.0f), fill(0.0f)};
  int i = 0;
  for (; i + 4 <= count; i += 4) {
    for (int j = 0; j < 4; ++j) sum[j] = sum[j] + f(i + j);
  }
  for (; i < count; ++i) sum[0] = sum[0] + f(i);
  return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

// What Kaldi and HTK do to a frame before its window: x[t] - mean is pre-emphasised and windowed, its energy taken.
// (x[t] - mean) - c (x[t-1] - mean) = (x[t] - c x[t-1]) - (1 - c) mean: the mean comes off a small number last, so that
// the rounding is as small as that.
void condition_frames(const SpectralTables& t, float* work, ptrdiff_t step, float* energy) {
  const int n = t.window_length;
  const auto sample = [=](int i) { return load(work + step * i); };
  Lanes mean = fill(0.0f);
  if (t.remove_dc) mean = sum_of(n, sample) * fill(1.0f / static_cast<float>(n));
  if (t.energy == EnergyKind::frame) {
    store(energy, sum_of(n, [=](int i) {
            const Lanes x = sample(i) - mean;
            return x * x;
          }));
  }
  const Lanes c = fill(t.frame_preemphasis), rest = mean - c * mean;
  for (int i = n - 1; i >= 0; --i) {  // from the end: x[t-1] is still there
    const Lanes x = sample(i) - c * sample(i > 0 ? i - 1 : 0);
    store(work + step * i, (x - rest) * fill(t.window[i]));
  }
}

void windowed_frames(const SpectralTables& t, const float* samples, ptrdiff_t hop, int n_frames, float* work,
                     float* energy) {
  const float* frames[kLanes];
  for (int l = 0; l < kLanes; ++l) frames[l] = samples + hop * (l < n_frames ? l : n_frames - 1);
  const ptrdiff_t step = t.fft.packed ? kLanes : kComplex;
  const int end = t.window_begin + t.window_length;
  if (t.fft.packed) {
    memset(work, 0, sizeof(float) * kLanes * t.window_begin);
    memset(work + kLanes * end, 0, sizeof(float) * kLanes * (t.fft.size - end));
  } else {
    memset(work, 0, sizeof(float) * kComplex * t.fft.size);
  }
  work += step * t.window_begin;
  const bool plain = !t.remove_dc && t.frame_preemphasis == 0.0f && t.energy != EnergyKind::frame;
  gather(frames, t.window_length, plain ? t.window : nullptr, work, step);
  if (!plain) condition_frames(t, work, step, energy);
}

// ---- spectrum ----

struct Bins {
  Complex low, high;  // bins k and size / 2 - k
};

// Twice the bins k and size / 2 - k of the real FFT from the complex FFT z of even samples + i odd samples.
inline Bins split_bins(const FftTables& t, const float* z, int k) {
  const Complex a = load_complex(z + kComplex * t.place[k]);
  const Complex b = load_complex(z + kComplex * t.place[k == 0 ? 0 : t.points - k]);
  const Complex even = {a.re + b.re, a.im - b.im}, odd = {a.im + b.im, b.re - a.re};
  const Complex turned = times(odd, t.split + 2 * k);
  const Complex high = even - turned;
  return {even + turned, {high.re, fill(0.0f) - high.im}};
}

// Calls keep(k, bin k times 2 if packed) for all bins, in no order.
template <typename Keep>
inline void all_bins(const FftTables& t, const float* z, Ahead& ahead, Keep keep) {
  const int half = t.size / 2;
  if (!t.packed) {
    for (int k = 0; k <= half; ++k) keep(k, load_complex(z + kComplex * t.place[k]));
    return;
  }
  for (int k = 0; k <= half / 2; ++k) {
    ask(ahead);
    const Bins bins = split_bins(t, z, k);
    keep(half - k, bins.high);
    keep(k, bins.low);
  }
}

// Powers of all bins to out, `stride` floats apart.
void power_spectrum(const FftTables& t, const float* z, Ahead& ahead, float factor, float* out, ptrdiff_t stride) {
  const auto power = [](Complex bin) { return bin.re * bin.re + bin.im * bin.im; };
  if (factor == 1.0f) {
    all_bins(t, z, ahead, [=](int k, Complex bin) { store(out + stride * k, power(bin)); });
  } else {
    all_bins(t, z, ahead, [=](int k, Complex bin) { store(out + stride * k, power(bin) * fill(factor)); });
  }
}

// Real and imaginary parts of bins [first, first + count) to rows 2 (k - first) and 2 (k - first) + 1.
void complex_spectrum(const FftTables& t, const float* z, Ahead& ahead, int first, int count, float* out,
                      ptrdiff_t stride) {
  const Lanes factor = fill(t.packed ? 0.5f : 1.0f);
  all_bins(t, z, ahead, [=](int k, Complex bin) {
    if (k < first || k >= first + count) return;
    store(out + stride * 2 * (k - first), bin.re * factor);
    store(out + stride * (2 * (k - first) + 1), bin.im * factor);
  });
}

void square_roots(float* x, int count) {
  for (int i = 0; i < count; ++i) x[i] = sqrtf(x[i]);
}

// ---- bands ----

void mel_bands(const MelTables& t, const float* spectrum, float* bands) {
  for (int b = 0; b < t.n_bands; ++b) {
    const float* p = spectrum + static_cast<ptrdiff_t>(kLanes) * t.first_bin[b];
    const float* w = t.weights + t.first_weight[b];
    store(bands + kLanes * b, sum_of(t.n_bins[b], [=](int j) { return load(p + kLanes * j) * fill(w[j]); }));
  }
}

// Natural logarithms of positive finite numbers. x = 2^e m with m in [sqrt(1/2), sqrt(2)), and log m = 2 artanh(s),
// s = (m - 1) / (m + 1), |s| < 0.172: the series 2 (s + s^3/3 + ...) is cut after s^9, which leaves a relative
// s^10 / 11 < 3e-9, far below float32's half unit in the last place. Numbers come as 2^(-shift) x, subnormal x allowed.
template <typename Float, typename Int>
inline Float natural_log(Float x, Float shift) {
  const Float ln2_high = Float{} + 0.693359375f;  // 9 bits: e * ln2_high is exact
  const Float ln2_low = Float{} - 2.12194440e-4f;
  const Int half_sqrt = Int{} + 0x3f3504f3;  // sqrt(1/2)
  Int bits;
  memcpy(&bits, &x, sizeof bits);
  const Int exponent = (bits - half_sqrt) >> 23;
  const Int reduced = bits - exponent * (1 << 23);  // not a shift: the exponent may be negative
  Float m;
  memcpy(&m, &reduced, sizeof m);
  const Float e = to_float(exponent) + shift;
  const Float f = m - 1.0f;
  const Float s = f / (m + 1.0f), z = s * s;
  // log m = f - s (f - 2 z (1/3 + z/5 + ...)): f is exact, so the rounding of s only meets a small term
  const Float tail = z * (0.666666667f + z * (0.4f + z * (0.285714286f + z * 0.222222222f)));
  return e * ln2_high + (f - (s * (f - tail) - e * ln2_low));
}

// x[i] = scale * log of x[i]; count is a multiple of kLanes.
void take_log(LogKind kind, float floor, float* x, int count) {
  if (kind == LogKind::none) return;
  const float scale = kind == LogKind::decibel ? 4.34294481903251828f : 1.0f;  // 10 / ln 10
  constexpr int wide = sizeof(Floats) / sizeof(float);
  for (int i = 0; i < count; i += wide) {
    Floats v, shift{};
    memcpy(&v, x + i, sizeof v);
    if (kind == LogKind::zeros_to_epsilon) {
      // what NumPy code with float64 spectra puts in place of an exact zero
      v = select(v == 0.0f, Floats{} + static_cast<float>(DBL_EPSILON), v);
      const Floats subnormal_shift = Floats{} - 24.0f;
      shift = select(v < FLT_MIN, subnormal_shift, shift);
      v = select(v < FLT_MIN, v * 16777216.0f, v);
    } else {
      v = select(v > floor, v, Floats{} + floor);
    }
    v = natural_log<Floats, Ints>(v, shift) * scale;
    memcpy(x + i, &v, sizeof v);
  }
}

void cepstra(const SpectralTables& t, const float* bands, float* rows, ptrdiff_t stride) {
  const float* coefficients = t.dct;
  for (int c = 0; c < t.n_cepstra; ++c, coefficients += t.mel.n_bands) {
    store(rows + stride * c,
          sum_of(t.mel.n_bands, [=](int b) { return load(bands + kLanes * b) * fill(coefficients[b]); }));
  }
}

// ---- entry points ----

void to_rows(const float* lanes, int count, float* rows, ptrdiff_t stride) {
  for (int r = 0; r < count; ++r) store(rows + stride * r, load(lanes + kLanes * r));
}

void block(const SpectralTables* tables, const float* samples, ptrdiff_t hop, int n_frames, Ahead ahead, float* work,
           float* rows, ptrdiff_t stride) {
  const SpectralTables& t = *tables;
  const int n_bins = t.fft.size / 2 + 1;
  float* spectrum = work + kComplex * t.fft.points;
  float* bands = spectrum + static_cast<ptrdiff_t>(kLanes) * n_bins;
  float* energy = bands + static_cast<ptrdiff_t>(kLanes) * t.mel.n_bands;
  windowed_frames(t, samples, hop, n_frames, work, energy);
  complex_fft(t.fft, ahead, work);
  if (t.stage == StageKind::stft) {
    complex_spectrum(t.fft, work, ahead, t.first_bin, t.n_bins, rows, stride);
    return;
  }
  if (t.stage == StageKind::spectrum) {
    if (!t.magnitude && t.log == LogKind::none && t.n_bins == n_bins) {
      power_spectrum(t.fft, work, ahead, t.power_factor, rows, stride);
      return;
    }
    power_spectrum(t.fft, work, ahead, t.power_factor, spectrum, kLanes);
    spectrum += static_cast<ptrdiff_t>(kLanes) * t.first_bin;
    if (t.magnitude) square_roots(spectrum, kLanes * t.n_bins);
    take_log(t.log, t.floor, spectrum, kLanes * t.n_bins);
    to_rows(spectrum, t.n_bins, rows, stride);
    return;
  }
  power_spectrum(t.fft, work, ahead, t.power_factor, spectrum, kLanes);
  if (t.energy == EnergyKind::spectrum) {
    store(energy, sum_of(n_bins, [=](int k) { return load(spectrum + kLanes * k); }));
  }
  if (t.magnitude) square_roots(spectrum, kLanes * n_bins);
  mel_bands(t.mel, spectrum, bands);
  const bool with_energy = t.energy != EnergyKind::none;  // its row follows the bands: one logarithm for both
  take_log(t.log, t.floor, bands, kLanes * (t.mel.n_bands + with_energy));
  if (t.stage == StageKind::mel) {
    to_rows(bands, t.mel.n_bands, rows, stride);
    return;
  }
  if (with_energy) store(rows, load(energy));
  cepstra(t, bands, rows + (with_energy ? stride : 0), stride);
}

// kHalf: N where it is known, 0 where it is not.
template <int kHalf>
inline void delta_loop(const float* in, int half, float factor, int64_t count, float* out) {
  const int last = kHalf ? kHalf : half;
  for (int64_t t = 0; t < count; t += kLanes) {
    Lanes sum = load(in + t + 1) - load(in + t - 1);
    for (int n = 2; n <= last; ++n) {
      sum = sum + (load(in + t + n) - load(in + t - n)) * fill(static_cast<float>(n));
    }
    store(out + t, sum * fill(factor));
  }
}

void deltas(const float* in, int half, float factor, int64_t count, float* out) {
  if (half == 2) {
    delta_loop<2>(in, half, factor, count, out);
  } else {
    delta_loop<0>(in, half, factor, count, out);
  }
}

void to_frames(const float* const* rows, int64_t n_rows, int64_t n_frames, float* out) {
  for (int64_t f = 0; f < n_frames; f += kLanes) {
    const int64_t lanes = n_frames - f < kLanes ? n_frames - f : kLanes;
    for (int64_t r = 0; r < n_rows; r += 4) {
      const int64_t width = n_rows - r < 4 ? n_rows - r : 4;
      Lanes columns[4];
      for (int64_t i = 0; i < 4; ++i) columns[i] = load(rows[r + (i < width ? i : width - 1)] + f);
      if (lanes == kLanes && width == 4) {
        store_rows(columns, out + f * n_rows + r, n_rows);
        continue;
      }
      float tile[kLanes * 4];
      store_rows(columns, tile, 4);
      for (int64_t l = 0; l < lanes; ++l) {
        memcpy(out + (f + l) * n_rows + r, tile + l * 4, sizeof(float) * static_cast<size_t>(width));
      }
    }
  }
}

}  // namespace

extern const SpectralKernels spectral = {kLanes, block, deltas, to_frames};

}  // namespace serkit::kernels::SERKIT_ISA_NAMESPACE
