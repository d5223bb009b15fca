#include "serkit/real_fft.h"

#include <cmath>
#include <stdexcept>
#include <string>

#include "dispatch/dispatch.h"

namespace serkit {
namespace {

// Radices of the passes, 4 before 2: fewer passes over the data.
std::vector<int> factors(int n) {
  std::vector<int> found;
  for (const int radix : {4, 2, 3, 5}) {
    while (n % radix == 0) {
      found.push_back(radix);
      n /= radix;
    }
  }
  if (n != 1) found.clear();
  return found;
}

}  // namespace

RealFft::RealFft(int size) {
  if (size < 2 || size > 65536)
    throw std::invalid_argument("n_fft must be from 2 to 65536, not " + std::to_string(size) + ".");
  tables_.size = size;
  tables_.packed = size % 2 == 0;
  const int points = tables_.packed ? size / 2 : size;
  const auto radices = factors(points);
  if (points > 1 && radices.empty()) {
    throw std::invalid_argument("n_fft must have no prime factor but 2, 3 and 5, not " + std::to_string(size) +
                                "; take the next such size, frames are padded with zeros.");
  }
  const double tau = 2.0 * 3.14159265358979323846;
  int length = points, stride = 1;
  for (const int radix : radices) {
    const int groups = length / radix;
    std::vector<float> twiddles;
    for (int p = 0; p < groups; ++p) {
      for (int k = 1; k < radix; ++k) {
        // the product is reduced as an integer, so that the angle is as exact for large p k as for small ones
        const double angle = tau * ((static_cast<int64_t>(p) * k) % length) / length;
        twiddles.push_back(static_cast<float>(std::cos(angle)));
        twiddles.push_back(static_cast<float>(-std::sin(angle)));
      }
    }
    twiddles_.push_back(std::move(twiddles));
    tables_.stages[tables_.n_stages++] = {radix, groups, stride, twiddles_.back().data()};
    length = groups;
    stride *= radix;
  }
  for (int k = 0; k <= size / 4; ++k) {
    split_.push_back(static_cast<float>(std::cos(tau * k / size)));
    split_.push_back(static_cast<float>(std::sin(tau * k / size)));
  }
  tables_.split = split_.data();
}

void RealFft::transform(const float* frames, int n_frames, float* spectra) const {
  std::vector<float> work(work_floats());
  const int lanes = kernels::kLanes;
  for (int first = 0; first < n_frames; first += lanes) {
    const int n = n_frames - first < lanes ? n_frames - first : lanes;
    dispatch::active().log_mel->real_fft(&tables_, frames + static_cast<ptrdiff_t>(first) * size(), n, work.data(),
                                         spectra + static_cast<ptrdiff_t>(first) * 2 * (size() / 2 + 1));
  }
}

}  // namespace serkit
