#include "serkit/window.h"

#include <cmath>

namespace serkit {

std::vector<double> window_values(Window window, int length) {
  std::vector<double> values(static_cast<size_t>(length), 1.0);
  if (window == Window::rectangular || length == 1) return values;
  const bool periodic =
      window == Window::hamming_periodic || window == Window::hann_periodic || window == Window::blackman_periodic;
  const double step = 2.0 * 3.14159265358979323846 / (periodic ? length : length - 1);
  for (int i = 0; i < length; ++i) {
    const double once = std::cos(step * i), twice = std::cos(2.0 * step * i);
    double& w = values[static_cast<size_t>(i)];
    switch (window) {
      case Window::hamming:
      case Window::hamming_periodic:
        w = 0.54 - 0.46 * once;
        break;
      case Window::blackman:
      case Window::blackman_periodic:
        w = 0.42 - 0.5 * once + 0.08 * twice;
        break;
      case Window::povey:
        w = std::pow(0.5 - 0.5 * once, 0.85);
        break;
      default:
        w = 0.5 - 0.5 * once;
    }
  }
  return values;
}

}  // namespace serkit
