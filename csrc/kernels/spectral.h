// Hot loops of spectral features. Raw pointers and C headers only: an STL template compiled here would become a weak
// symbol that the linker may keep, with its wide instructions, for every caller.
//
// Frames lie across lanes: a block holds as many frames as the instruction set has lanes, value i of frame l at
// [i * lanes + l]. Each lane goes through the same instructions whatever its neighbours hold, so a frame's result
// depends on its own samples alone.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace serkit::kernels {

constexpr int kMaxStages = 16;
constexpr int kMoments = 8;

// One pass of an FFT in place, decimation in frequency: blocks of radix * span points, butterflies of `radix` points
// `span` apart. twiddles: [span - 1][radix - 1][2], butterfly 0 of a block has none.
struct FftStage {
  int radix;
  int span;
  const float* twiddles;
};

// A real FFT of `size` points. Even sizes go through a complex FFT of size / 2 points (`packed`), odd ones of size.
// Frequency k of the complex FFT ends at place[k]. split: [size / 4 + 1][2], (cos, -sin) of 2 pi k / size, for packed.
struct FftTables {
  int size;
  bool packed;
  int points;
  int n_stages;
  FftStage stages[kMaxStages];
  const int* place;
  const float* split;
};

// Band b is the sum of weights[first_weight[b] + j] * spectrum[first_bin[b] + j], j < n_bins[b].
struct MelTables {
  int n_bands;
  const int* first_bin;
  const int* n_bins;
  const int* first_weight;
  const float* weights;
};

enum class StageKind { stft, spectrum, mel, cepstra };
enum class LogKind { none, natural, decibel, zeros_to_epsilon };
enum class EnergyKind { none, frame, spectrum };

struct SpectralTables {
  StageKind stage;
  // frame
  const float* window;  // [window_length]
  int window_length;
  int window_begin;  // the sample of the FFT at which the window begins; window_begin + window_length <= fft.size
  bool remove_dc;
  float frame_preemphasis;
  EnergyKind energy;
  // spectrum: |X|^2 times power_factor; packed transforms give 4 |X|^2, of which the factor takes care
  FftTables fft;
  float power_factor;
  bool magnitude;
  int first_bin, n_bins;  // bins kept by stages stft and spectrum
  // bands and cepstra
  MelTables mel;
  LogKind log;
  float floor;
  int n_cepstra;
  const float* dct;  // [n_cepstra][n_bands], lifter included
};

// Running sums of (x - shift) and its square in double; lane i holds samples whose index is i modulo kMoments.
struct MomentSums {
  double sum[kMoments];
  double square[kMoments];
};

// Loops over samples. No fused multiply-adds: a waveform's samples are the same wherever a loop begins.
struct SignalKernels {
  // Adds samples [index, index + count) of a waveform to `sums`.
  void (*add_moments)(const float* samples, int64_t index, int64_t count, double shift, MomentSums* sums);
  // out[i] = ((x[i] - mean) - preemphasis * (x[i - 1] - mean)) * scale, in double; x[-1] must exist if preemphasis is
  // not 0.
  void (*condition)(const float* samples, int64_t count, double mean, double scale, double preemphasis, float* out);
  // Whether every sample is finite and of magnitude <= limit.
  bool (*all_within)(const float* samples, int64_t count, float limit);
};

// Memory that will be needed after a block: samples of the next one, the place where this one's frames go. Main
// memory's latency would otherwise stand between blocks. Lines are asked for one by one while the block is computed:
// asked for all at once they fill the core's miss buffers, and it waits for them (measured: a quarter of the time).
struct Ahead {
  const float* read;
  const float* read_end;
  const float* write;
  const float* write_end;
};

struct SpectralKernels {
  int lanes;
  // n_frames <= lanes frames, hop apart, to rows: value r of frame l at rows[r * stride + l]; all `lanes` columns are
  // written, those beyond n_frames repeat the last frame. work: lanes * work_numbers(tables), rows may not lie in it.
  void (*block)(const SpectralTables* tables, const float* samples, ptrdiff_t hop, int n_frames, Ahead ahead,
                float* work, float* rows, ptrdiff_t stride);
  // out[t] = sum_n n (in[t + n] - in[t - n]) * factor, n = 1..half, t in [0, count) rounded up to whole lanes.
  void (*deltas)(const float* in, int half, float factor, int64_t count, float* out);
  // Columns [0, n_frames) of n_rows rows to out[f * n_rows + r]; columns up to the next multiple of lanes are read.
  void (*to_frames)(const float* const* rows, int64_t n_rows, int64_t n_frames, float* out);
};

// Numbers a lane that block() needs: the FFT's points, then the spectrum, bands and the energy.
inline size_t work_numbers(const SpectralTables& t) {
  return 2 * static_cast<size_t>(t.fft.points) + static_cast<size_t>(t.fft.size) / 2 + 1 +
         static_cast<size_t>(t.mel.n_bands) + 1;
}

namespace isa_baseline {
extern const SignalKernels signal;
extern const SpectralKernels spectral;
}  // namespace isa_baseline
namespace isa_avx2 {
extern const SignalKernels signal;
extern const SpectralKernels spectral;
}  // namespace isa_avx2
namespace isa_avx512 {
extern const SignalKernels signal;
extern const SpectralKernels spectral;
}  // namespace isa_avx512

}  // namespace serkit::kernels
