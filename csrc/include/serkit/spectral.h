// Spectral features of waveforms: frames, window, real FFT, spectrum, Mel bands, logarithm, cepstra, deltas, in one
// pass over the samples. serkit/kernels/parameters.py says what each option means.
#pragma once

#include <cstdint>
#include <vector>

#include "serkit/frames.h"
#include "serkit/mel.h"
#include "serkit/real_fft.h"
#include "serkit/window.h"

namespace serkit {

struct SpectralOptions {
  kernels::StageKind stage = kernels::StageKind::mel;
  FrameOptions frames;
  bool remove_dc = false;
  double frame_preemphasis = 0.0;
  kernels::EnergyKind energy = kernels::EnergyKind::none;
  Window window = Window::hamming;
  int first_bin = 0, n_bins = 0;
  bool magnitude = false;
  double power_gain = 1.0;  // multiplies |X|^2
  int n_mels = 0;
  double f_min_hz = 0.0, f_max_hz = 0.0;
  MelScale mel_scale = MelScale::htk;
  MelNorm mel_norm = MelNorm::none;
  kernels::LogKind log = kernels::LogKind::none;
  double floor = 1e-10;
  int first_cepstrum = 0, n_cepstra = 0;
  bool dct_orthonormal = true;
  double lifter = 0.0;
  int delta_window = 2;  // N of the regression formula
  bool statics = true, delta = false, delta2 = false;
};

struct Waveform {
  const float* samples;
  int64_t count;
};

class Spectral {
 public:
  // Throws std::invalid_argument for options that cannot be computed.
  explicit Spectral(const SpectralOptions& options);

  const Frames& frames() const { return frames_; }
  // Numbers of a frame and channel: bins, bands or cepstra; complex bins count once, with two channels.
  int n_rows() const;
  int n_channels() const;
  // Frames on either side that a frame's deltas look at.
  int context_frames() const;
  // Samples that frames [first, first + count) of a waveform of `total` samples depend on, deltas included.
  SampleRange samples_needed(int64_t first, int64_t count, int64_t total) const;

  // Frames [first, first + count) to out [count, n_rows, n_channels]. `part` must hold samples_needed.
  void compute(const WaveformPart& part, int64_t first, int64_t count, float* out, int threads) const;
  // The frames of waveform i to rows [frame_offsets[i], frame_offsets[i + 1]) of out. standardize: each waveform to
  // zero mean and unit variance (all zero if it is constant), else it is multiplied by `scale`. Returns the first
  // waveform with a sample that is not finite or beyond `limit`, whose frames are then worth nothing, or -1.
  int64_t batch(const std::vector<Waveform>& waveforms, bool standardize, double scale, float limit,
                const int64_t* frame_offsets, float* out, int threads) const;

 private:
  struct Scratch;
  int n_values() const { return n_rows() * n_channels(); }
  void rows(const WaveformPart& part, int64_t first, int64_t count, Scratch& scratch, float* to, int64_t stride,
            const float* out) const;
  void plain_piece(const WaveformPart& part, int64_t first, int64_t count, float* out, Scratch& scratch) const;
  void delta_piece(const WaveformPart& part, int64_t first, int64_t count, float* out, Scratch& scratch) const;
  void piece(const WaveformPart& part, int64_t first, int64_t count, float* out, Scratch& scratch) const;

  SpectralOptions options_;
  Frames frames_;
  RealFft fft_;
  MelFilters filters_;
  std::vector<float> window_, dct_;
  kernels::SpectralTables tables_{};
  int64_t piece_frames_;
};

}  // namespace serkit
