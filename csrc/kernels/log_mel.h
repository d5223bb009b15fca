// Hot loops of log-Mel features. Raw pointers and C headers only: an STL template compiled here would become a weak
// symbol that the linker may keep, with its wide instructions, for every caller.
//
// Frames lie across lanes: a block holds kLanes frames, value i of frame l at [i * kLanes + l]. Each lane goes through
// the same instructions whatever its neighbours hold, so a frame's result depends on its own samples alone.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace serkit::kernels {

constexpr int kLanes = 8;
constexpr int kMaxStages = 16;
constexpr int kMoments = 8;

// One pass of a Stockham FFT: `groups` butterflies of `radix` points, `stride` apart. twiddles: [groups][radix - 1][2].
struct FftStage {
  int radix;
  int groups;
  int stride;
  const float* twiddles;
};

// A real FFT of `size` points. Even sizes go through a complex FFT of size / 2 (`packed`), odd ones of size.
// split: [size / 4 + 1][2], (cos, sin) of 2 pi k / size; used where packed.
struct FftTables {
  int size;
  bool packed;
  int n_stages;
  FftStage stages[kMaxStages];
  const float* split;
};

// Band b is the sum of weights[first_weight[b] + j] * power[first_bin[b] + j], j < n_bins[b].
struct MelTables {
  int n_bands;
  const int* first_bin;
  const int* n_bins;
  const int* first_weight;
  const float* weights;
};

enum class LogKind { none, natural, zeros_to_epsilon };

struct LogMelTables {
  FftTables fft;
  MelTables mel;
  const float* window;  // [window_length], window_length <= fft.size
  int window_length;
  ptrdiff_t hop;
  LogKind log;
  float floor;
};

// Running sums of (x - shift) and its square in double; lane i holds samples whose index is i modulo kMoments.
struct MomentSums {
  double sum[kMoments];
  double square[kMoments];
};

struct LogMelKernels {
  // Adds samples [index, index + count) of a waveform to `sums`.
  void (*add_moments)(const float* samples, int64_t index, int64_t count, double shift, MomentSums* sums);
  // out[i] = ((x[i] - mean) - preemphasis * (x[i - 1] - mean)) * scale, in double; x[-1] must exist if preemphasis !=
  // 0.
  void (*condition)(const float* samples, int64_t count, double mean, double scale, double preemphasis, float* out);
  // Samples of n_frames <= kLanes frames (hop apart) to rows [n_frames][n_bands]. work: 4 * fft.size * kLanes floats.
  void (*mel_rows)(const LogMelTables* tables, const float* samples, int n_frames, float* work, float* rows);
  // n_frames <= kLanes rows of fft.size samples to spectra [n_frames][size / 2 + 1][2]. work as above.
  void (*real_fft)(const FftTables* tables, const float* samples, int n_frames, float* work, float* spectra);
  // out[b] = sum_n n (rows[half + n][b] - rows[half - n][b]) / denominator, n = 1..half; rows: 2 half + 1 pointers.
  void (*delta_row)(const float* const* rows, int half, float denominator, int n_bands, float* out);
};

namespace isa_baseline {
extern const LogMelKernels log_mel;
}
namespace isa_avx2 {
extern const LogMelKernels log_mel;
}

}  // namespace serkit::kernels
