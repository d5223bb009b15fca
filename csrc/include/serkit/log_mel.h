// Log-Mel features with deltas: framing, pre-emphasis, window, real FFT, power, Mel bands, log, delta, delta-delta.
#pragma once

#include <cstdint>
#include <vector>

#include "serkit/mel.h"
#include "serkit/real_fft.h"
#include "serkit/window.h"

namespace serkit {

// tail: 1 + ceil((n - length) / hop) frames, the last one zero-padded, 1 frame if n <= length. snip: whole frames only.
// center: frame i is centred on sample i * hop, the waveform reflected at both ends.
enum class Framing { tail, snip, center };

struct LogMelOptions {
  MelOptions mel;
  int window_length_samples = 400;
  int hop_samples = 160;
  Window window = Window::hamming;
  Framing framing = Framing::tail;
  double preemphasis = 0.0;
  double power_gain = 1.0;  // multiplies |X|^2
  kernels::LogKind log = kernels::LogKind::natural;
  double floor = 1e-10;
  int delta_window = 2;  // N of the regression formula
  bool statics = true, delta = true, delta2 = true;
};

// Mean and variance of a waveform that arrives in pieces, in double. How it is cut does not change a bit.
class Moments {
 public:
  void add(const float* samples, int64_t count);
  int64_t count() const { return count_; }
  double mean() const;
  // Population variance, exactly 0 if and only if all samples are equal (up to rounding far below float32).
  double variance() const;

 private:
  int64_t count_ = 0;
  double shift_ = 0.0;  // the first sample: a constant waveform then sums to exact zeros
  kernels::MomentSums sums_{};
};

// Part of a waveform of `total` samples: samples[0] is sample `start`. The signal analysed is (x - mean) * scale.
struct WaveformPart {
  const float* samples;
  int64_t start;
  int64_t count;
  int64_t total;
  double mean = 0.0;
  double scale = 1.0;
};

struct SampleRange {
  int64_t begin, end;
};

class LogMel {
 public:
  // Throws std::invalid_argument for options that cannot be computed.
  explicit LogMel(const LogMelOptions& options);

  int n_mels() const { return options_.mel.n_mels; }
  int n_channels() const { return options_.statics + options_.delta + options_.delta2; }
  // Frames on either side that a frame's deltas look at.
  int context_frames() const;

  int64_t n_frames(int64_t n_samples) const;
  // Frames that lie wholly inside the first n_samples, whatever follows.
  int64_t n_complete_frames(int64_t n_samples) const;
  // Samples that frames [first, first + count) of a waveform of `total` samples depend on, deltas included.
  SampleRange samples_needed(int64_t first, int64_t count, int64_t total) const;

  // Frames [first, first + count) to out [count, n_mels, n_channels]. `part` must hold samples_needed.
  void compute(const WaveformPart& part, int64_t first, int64_t count, float* out, int threads) const;
  // n waveforms packed in `samples`, waveform i at [sample_offsets[i], sample_offsets[i + 1]); its frames go to rows
  // [frame_offsets[i], frame_offsets[i + 1]) of out. standardize: each waveform to zero mean and unit variance (all
  // zero if it is constant), else it is multiplied by `scale`.
  void batch(const float* samples, const int64_t* sample_offsets, int64_t n, bool standardize, double scale,
             const int64_t* frame_offsets, float* out, int threads) const;

 private:
  struct Scratch;
  int64_t frame_start(int64_t frame) const;
  // The samples under frames [first, first + count) without deltas.
  SampleRange samples_under(int64_t first, int64_t count, int64_t total) const;
  void static_rows(const WaveformPart& part, int64_t first, int64_t count, Scratch& scratch, float* rows) const;
  void signal(const WaveformPart& part, int64_t begin, int64_t end, float* out) const;
  void compute_piece(const WaveformPart& part, int64_t first, int64_t count, float* out, Scratch& scratch) const;

  LogMelOptions options_;
  RealFft fft_;
  MelFilters filters_;
  std::vector<float> window_;
  kernels::LogMelTables tables_{};
};

}  // namespace serkit
