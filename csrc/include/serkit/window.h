// Analysis windows. The plain forms are symmetric (period length - 1), the periodic ones have period length.
#pragma once

#include <vector>

namespace serkit {

// povey: the symmetric Hann window to the power 0.85, Kaldi's.
enum class Window { hamming, hamming_periodic, hann, hann_periodic, blackman, blackman_periodic, povey, rectangular };

// `length` values in double.
std::vector<double> window_values(Window window, int length);

}  // namespace serkit
