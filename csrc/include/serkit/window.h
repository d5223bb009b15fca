// Analysis windows. The plain forms are symmetric (period length - 1), the periodic ones have period length.
#pragma once

#include <vector>

namespace serkit {

enum class Window { hamming, hamming_periodic, hann, hann_periodic, rectangular };

// `length` values in double.
std::vector<double> window_values(Window window, int length);

}  // namespace serkit
