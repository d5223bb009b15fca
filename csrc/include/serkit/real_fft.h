// Plan of a real FFT of any size whose prime factors are 2, 3 and 5. Computed once, in double; used by kernels.
#pragma once

#include <vector>

#include "kernels/log_mel.h"

namespace serkit {

class RealFft {
 public:
  // Throws std::invalid_argument for a size below 2, above 65536 or with another prime factor.
  explicit RealFft(int size);
  RealFft(const RealFft&) = delete;
  RealFft& operator=(const RealFft&) = delete;

  int size() const { return tables_.size; }
  const kernels::FftTables& tables() const { return tables_; }
  // Floats that a kernel needs as work space.
  size_t work_floats() const { return size_t{4} * kernels::kLanes * tables_.size; }

  // frames: [n_frames, size]; spectra: [n_frames, size / 2 + 1, 2], real and imaginary part.
  void transform(const float* frames, int n_frames, float* spectra) const;

 private:
  kernels::FftTables tables_{};
  std::vector<std::vector<float>> twiddles_;
  std::vector<float> split_;
};

}  // namespace serkit
