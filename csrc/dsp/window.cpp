#include "serkit/window.h"

#include <cmath>

namespace serkit {

std::vector<double> window_values(Window window, int length) {
  std::vector<double> values(static_cast<size_t>(length), 1.0);
  if (window == Window::rectangular || length == 1) return values;
  const bool periodic = window == Window::hamming_periodic || window == Window::hann_periodic;
  const bool hamming = window == Window::hamming || window == Window::hamming_periodic;
  const double offset = hamming ? 0.54 : 0.5;
  const double step = 2.0 * 3.14159265358979323846 / (periodic ? length : length - 1);
  for (int i = 0; i < length; ++i) values[static_cast<size_t>(i)] = offset - (1.0 - offset) * std::cos(step * i);
  return values;
}

}  // namespace serkit
