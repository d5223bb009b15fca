// Triangular Mel filters over the bins of a power spectrum, sparse.
#pragma once

#include <vector>

#include "kernels/spectral.h"

namespace serkit {

// htk: 2595 log10(1 + f / 700). slaney: linear to 1 kHz, logarithmic above. psf_bins: HTK scale with corner frequencies
// moved down to FFT bins, as python_speech_features does.
enum class MelScale { htk, slaney, psf_bins, htk_warped };
// slaney divides each filter by half its width in Hz.
enum class MelNorm { none, slaney };

struct MelOptions {
  int sample_rate_hz = 16000;
  int n_fft = 512;
  int n_mels = 40;
  double f_min_hz = 0.0;
  double f_max_hz = 8000.0;
  MelScale scale = MelScale::htk;
  MelNorm norm = MelNorm::none;
};

class MelFilters {
 public:
  // `gain` multiplies every weight. Throws std::invalid_argument if a band holds no bin, but for psf_bins.
  MelFilters(const MelOptions& options, double gain);
  MelFilters(const MelFilters&) = delete;
  MelFilters& operator=(const MelFilters&) = delete;

  const kernels::MelTables& tables() const { return tables_; }

 private:
  kernels::MelTables tables_{};
  std::vector<int> first_bin_, n_bins_, first_weight_;
  std::vector<float> weights_;
};

}  // namespace serkit
