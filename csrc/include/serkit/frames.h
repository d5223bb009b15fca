// Where frames lie on a waveform, and the signal under them: standardisation, pre-emphasis, what lies beyond the ends.
#pragma once

#include <cstdint>

#include "kernels/spectral.h"

namespace serkit {

// tail: 1 + ceil((n - length) / hop) frames, the last one zero-padded, 1 frame if n <= length. snip: whole frames only.
// center: frame i of n_fft samples is centred on sample i * hop, the window in its middle, the waveform reflected at
// both ends without repeating the end samples; center_zero: the same over zeros. mirror: frame i is centred on
// (i + 1/2) hop, the waveform mirrored with the end samples repeated.
enum class Framing { tail, snip, center, center_zero, mirror };

struct FrameOptions {
  int sample_rate_hz = 16000;
  int length_samples = 400;
  int hop_samples = 160;
  int n_fft = 512;
  Framing framing = Framing::tail;
  double preemphasis = 0.0;  // of the waveform
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

class Frames {
 public:
  // Throws std::invalid_argument for options that cannot be computed.
  explicit Frames(const FrameOptions& options);

  const FrameOptions& options() const { return options_; }
  int64_t count(int64_t n_samples) const;
  // Frames that lie wholly inside the first n_samples, whatever follows.
  int64_t complete(int64_t n_samples) const;
  // First sample under the window of a frame; negative where it reaches before the waveform.
  int64_t begin(int64_t frame) const;
  // The samples that frames [first, first + count) of a waveform of `total` samples depend on.
  SampleRange samples_under(int64_t first, int64_t count, int64_t total) const;
  // The signal at positions [begin, end), which may reach beyond either end of the waveform.
  void signal(const WaveformPart& part, int64_t begin, int64_t end, float* out) const;
  // Whether the signal at [begin, end) is the waveform itself, to be read where it lies.
  bool as_it_is(const WaveformPart& part, int64_t begin, int64_t end) const;

 private:
  // The sample that stands at position t, or -1 for silence.
  int64_t image(int64_t t, int64_t total) const;

  FrameOptions options_;
};

}  // namespace serkit
