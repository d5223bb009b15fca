#include "serkit/mel.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

namespace serkit {
namespace {

constexpr double kSlaneyLinearHz = 200.0 / 3.0;  // Hz per mel up to 1 kHz
constexpr double kSlaneyBreakHz = 1000.0;
const double kSlaneyLogStep = std::log(6.4) / 27.0;

double hz_to_mel(MelScale scale, double hz) {
  if (scale != MelScale::slaney) return 2595.0 * std::log10(1.0 + hz / 700.0);
  if (hz < kSlaneyBreakHz) return hz / kSlaneyLinearHz;
  return kSlaneyBreakHz / kSlaneyLinearHz + std::log(hz / kSlaneyBreakHz) / kSlaneyLogStep;
}

double mel_to_hz(MelScale scale, double mel) {
  if (scale != MelScale::slaney) return 700.0 * (std::pow(10.0, mel / 2595.0) - 1.0);
  const double break_mel = kSlaneyBreakHz / kSlaneyLinearHz;
  return mel < break_mel ? mel * kSlaneyLinearHz : kSlaneyBreakHz * std::exp(kSlaneyLogStep * (mel - break_mel));
}

// n_mels + 2 corner frequencies, equally far apart in mel; the outer two are exactly f_min and f_max.
std::vector<double> corners_hz(const MelOptions& o) {
  const double low = hz_to_mel(o.scale, o.f_min_hz), high = hz_to_mel(o.scale, o.f_max_hz);
  std::vector<double> hz;
  for (int i = 0; i < o.n_mels + 2; ++i) hz.push_back(mel_to_hz(o.scale, low + (high - low) * i / (o.n_mels + 1)));
  hz.front() = o.f_min_hz;
  hz.back() = o.f_max_hz;
  return hz;
}

}  // namespace

MelFilters::MelFilters(const MelOptions& o, double gain) {
  const std::vector<double> hz = corners_hz(o);
  const int last_bin = o.n_fft / 2;
  for (int band = 0; band < o.n_mels; ++band) {
    double left = hz[band], centre = hz[band + 1], right = hz[band + 2];
    const double norm = o.norm == MelNorm::slaney ? 2.0 / (right - left) : 1.0;
    double bins_per_unit = static_cast<double>(o.n_fft) / o.sample_rate_hz;
    if (o.scale == MelScale::psf_bins) {
      const double bins_per_hz = static_cast<double>(o.n_fft + 1) / o.sample_rate_hz;
      left = std::floor(left * bins_per_hz);
      centre = std::floor(centre * bins_per_hz);
      right = std::floor(right * bins_per_hz);
      bins_per_unit = 1.0;  // corners are bins
    }
    const int from = std::max(0, static_cast<int>(std::floor(left * bins_per_unit)));
    const int to = std::min(last_bin, static_cast<int>(std::ceil(right * bins_per_unit)));
    const auto axis = [&](double at) { return o.scale == MelScale::htk_warped ? hz_to_mel(o.scale, at) : at; };
    left = axis(left), centre = axis(centre), right = axis(right);
    first_weight_.push_back(static_cast<int>(weights_.size()));
    int first = 0, count = 0;
    for (int k = from; k <= to; ++k) {
      const double at = axis(k / bins_per_unit);
      const double weight = at < centre ? (at - left) / (centre - left) : (right - at) / (right - centre);
      if (!(weight > 0.0)) continue;  // also NaN, where a side has no width
      if (count == 0) first = k;
      ++count;
      weights_.push_back(static_cast<float>(weight * norm * gain));
    }
    if (count == 0 && o.scale != MelScale::psf_bins) {
      throw std::invalid_argument("n_mels=" + std::to_string(o.n_mels) + " leaves band " + std::to_string(band) +
                                  " without an FFT bin; take fewer bands or a larger n_fft than " +
                                  std::to_string(o.n_fft) + ".");
    }
    first_bin_.push_back(first);
    n_bins_.push_back(count);
  }
  tables_ = {o.n_mels, first_bin_.data(), n_bins_.data(), first_weight_.data(), weights_.data()};
}

}  // namespace serkit
