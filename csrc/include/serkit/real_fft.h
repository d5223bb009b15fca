// Plan of a real FFT of any size whose prime factors are 2, 3 and 5. Computed once, in double; used by kernels.
#pragma once

#include <vector>

#include "kernels/spectral.h"

namespace serkit {

class RealFft {
 public:
  // Throws std::invalid_argument for a size below 2, above 65536 or with another prime factor.
  explicit RealFft(int size);
  RealFft(const RealFft&) = delete;
  RealFft& operator=(const RealFft&) = delete;

  const kernels::FftTables& tables() const { return tables_; }

 private:
  kernels::FftTables tables_{};
  std::vector<std::vector<float>> twiddles_;
  std::vector<int> place_;
  std::vector<float> split_;
};

}  // namespace serkit
