#include "serkit/frames.h"

#include <algorithm>
#include <string>

#include "dispatch/dispatch.h"
#include "serkit/require.h"

namespace serkit {
namespace {

// t in [0, period)
int64_t modulo(int64_t t, int64_t period) { return ((t % period) + period) % period; }

}  // namespace

void Moments::add(const float* samples, int64_t count) {
  if (count == 0) return;
  if (count_ == 0) shift_ = samples[0];
  dispatch::active().signal->add_moments(samples, count_, count, shift_, &sums_);
  count_ += count;
}

double Moments::mean() const {
  double sum = 0.0;
  for (const double s : sums_.sum) sum += s;
  return shift_ + sum / static_cast<double>(count_);
}

double Moments::variance() const {
  double sum = 0.0, square = 0.0;
  for (const double s : sums_.sum) sum += s;
  for (const double s : sums_.square) square += s;
  const double n = static_cast<double>(count_), offset = sum / n;
  return std::max(0.0, square / n - offset * offset);
}

Frames::Frames(const FrameOptions& o) : options_(o) {
  require(o.sample_rate_hz > 0, "sample_rate must be positive.");
  require(o.hop_samples >= 1, "The hop must be at least one sample.");
  require(o.length_samples >= 1, "The frame must be at least one sample.");
  require(o.length_samples <= o.n_fft, "A frame of " + std::to_string(o.length_samples) +
                                           " samples does not fit n_fft=" + std::to_string(o.n_fft) +
                                           "; raise n_fft or shorten the frame.");
}

int64_t Frames::count(int64_t n) const {
  const int64_t length = options_.length_samples, hop = options_.hop_samples;
  switch (options_.framing) {
    case Framing::tail:
      return n <= length ? 1 : 1 + (n - length + hop - 1) / hop;
    case Framing::snip:
      return n < length ? 0 : 1 + (n - length) / hop;
    case Framing::mirror:
      return (n + hop / 2) / hop;
    default:
      return n < 1 ? 0 : 1 + (n - options_.n_fft % 2) / hop;
  }
}

int64_t Frames::begin(int64_t frame) const {
  const int64_t start = frame * options_.hop_samples;
  switch (options_.framing) {
    case Framing::tail:
    case Framing::snip:
      return start;
    case Framing::mirror:
      return start + options_.hop_samples / 2 - options_.length_samples / 2;
    default:
      // the frame of n_fft samples is centred, and the window within it
      return start - options_.n_fft / 2 + (options_.n_fft - options_.length_samples) / 2;
  }
}

int64_t Frames::complete(int64_t n_samples) const {
  if (n_samples <= -begin(0)) return 0;  // what is reflected before the first sample is not all there
  const int64_t last_begin = n_samples - options_.length_samples - begin(0);
  return last_begin < 0 ? 0 : std::min(count(n_samples), 1 + last_begin / options_.hop_samples);
}

int64_t Frames::image(int64_t t, int64_t total) const {
  if (t >= 0 && t < total) return t;
  const bool twice = options_.framing == Framing::mirror;  // end samples come twice
  if (!twice && options_.framing != Framing::center) return -1;
  if (total == 1) return 0;
  const int64_t before = twice ? -1 - t : -t, after = twice ? 2 * total - 1 - t : 2 * (total - 1) - t;
  if (t < 0 && before < total) return before;  // reflected once, as nearly always: no division
  if (t >= total && after >= 0) return after;
  t = modulo(t, twice ? 2 * total : 2 * (total - 1));
  return t < total ? t : twice ? 2 * total - 1 - t : 2 * (total - 1) - t;
}

SampleRange Frames::samples_under(int64_t first, int64_t count, int64_t total) const {
  const int64_t from = begin(first), to = begin(first + count - 1) + options_.length_samples;
  if (from <= -total || to > 2 * total - 1) return {0, total};  // reflected more than once
  int64_t low = std::max<int64_t>(from, 0), high = std::min(to, total);
  if (options_.framing == Framing::center || options_.framing == Framing::mirror) {
    if (from < 0) low = 0, high = std::max(high, image(from, total) + 1);
    if (to > total) high = total, low = std::min(low, image(to - 1, total));
  }
  low = std::min(low, high);
  if (options_.preemphasis != 0.0) low = std::max<int64_t>(0, low - 1);
  return {low, high};
}

bool Frames::as_it_is(const WaveformPart& part, int64_t begin, int64_t end) const {
  return begin >= 0 && end <= part.total && part.mean == 0.0 && part.scale == 1.0 && options_.preemphasis == 0.0;
}

void Frames::signal(const WaveformPart& part, int64_t begin, int64_t end, float* out) const {
  const auto condition = dispatch::active().signal->condition;
  const auto one = [&](int64_t t, float* to) {
    // the first sample has no predecessor and is kept
    condition(part.samples + (t - part.start), 1, part.mean, part.scale, t == 0 ? 0.0 : options_.preemphasis, to);
  };
  const int64_t inside_begin = std::min(end, std::max<int64_t>(begin, 0));
  const int64_t inside_end = std::max(inside_begin, std::min(end, part.total));
  int64_t t = inside_begin;
  if (t == 0 && t < inside_end) one(t, out + (t - begin)), ++t;
  if (t < inside_end) {
    condition(part.samples + (t - part.start), inside_end - t, part.mean, part.scale, options_.preemphasis,
              out + (t - begin));
  }
  const auto outside = [&](int64_t at) {
    const int64_t from = image(at, part.total);
    if (from < 0) {
      out[at - begin] = 0.0f;
    } else if (from >= inside_begin && from < inside_end) {
      out[at - begin] = out[from - begin];
    } else {
      one(from, out + (at - begin));
    }
  };
  for (t = begin; t < inside_begin; ++t) outside(t);
  for (t = inside_end; t < end; ++t) outside(t);
}

}  // namespace serkit
