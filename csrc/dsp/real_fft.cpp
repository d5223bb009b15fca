#include "serkit/real_fft.h"

#include <cmath>
#include <stdexcept>
#include <string>

namespace serkit {
namespace {

// Radices of the passes: large ones first, for each pass is a trip through the data. Empty if a prime factor is left.
std::vector<int> factors(int n) {
  int twos = 0;
  for (; n % 2 == 0; n /= 2) ++twos;
  std::vector<int> found;
  // a power of two ends 8 * 4, or 4 * 4 rather than 8 * 2
  for (; twos >= 3 && twos != 4; twos -= 3) found.push_back(8);
  for (; twos >= 2; twos -= 2) found.push_back(4);
  if (twos == 1) found.push_back(2);
  for (const int radix : {3, 5}) {
    for (; n % radix == 0; n /= radix) found.push_back(radix);
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
  tables_.points = points;
  const double tau = 2.0 * 3.14159265358979323846;
  int length = points;
  for (const int radix : radices) {
    const int span = length / radix;
    std::vector<float> twiddles;
    for (int j = 1; j < span; ++j) {
      for (int k = 1; k < radix; ++k) {
        // the product is reduced as an integer, so that the angle is as exact for large j k as for small ones
        const double angle = tau * ((static_cast<int64_t>(j) * k) % length) / length;
        twiddles.push_back(static_cast<float>(std::cos(angle)));
        twiddles.push_back(static_cast<float>(-std::sin(angle)));
      }
    }
    twiddles_.push_back(std::move(twiddles));
    tables_.stages[tables_.n_stages++] = {radix, span, twiddles_.back().data()};
    length = span;
  }
  for (int k = 0; k < points; ++k) {
    int at = 0, rest = k, block = points;  // a pass of radix r sends frequencies k modulo r to its k-th part
    for (const int radix : radices) {
      block /= radix;
      at += rest % radix * block;
      rest /= radix;
    }
    place_.push_back(at);
  }
  tables_.place = place_.data();
  for (int k = 0; k <= size / 4; ++k) {
    split_.push_back(static_cast<float>(std::cos(tau * k / size)));
    split_.push_back(static_cast<float>(-std::sin(tau * k / size)));
  }
  tables_.split = split_.data();
}

}  // namespace serkit
