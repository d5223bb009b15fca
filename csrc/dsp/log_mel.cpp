#include "serkit/log_mel.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

#include "dispatch/dispatch.h"
#include "serkit/parallel.h"

namespace serkit {
namespace {

constexpr int64_t kPieceFrames = 1024;  // work of one thread at a time: its rows stay in the second-level cache
constexpr int64_t kTileFrames = 32;     // frames whose conditioned signal is kept: it stays in the first-level cache

void require(bool allowed, const std::string& sentence) {
  if (!allowed) throw std::invalid_argument(sentence);
}

// Index of position t of a waveform reflected at both ends without repeating the end samples.
int64_t reflected(int64_t t, int64_t total) {
  if (total == 1) return 0;
  const int64_t period = 2 * (total - 1);
  t = ((t % period) + period) % period;
  return t < total ? t : period - t;
}

const LogMelOptions& checked(const LogMelOptions& o) {
  require(o.mel.sample_rate_hz > 0, "sample_rate must be positive.");
  require(o.hop_samples >= 1, "The hop must be at least one sample.");
  require(o.window_length_samples >= 1, "The frame must be at least one sample.");
  require(o.window_length_samples <= o.mel.n_fft, "A frame of " + std::to_string(o.window_length_samples) +
                                                      " samples does not fit n_fft=" + std::to_string(o.mel.n_fft) +
                                                      "; raise n_fft or shorten the frame.");
  require(o.mel.n_mels >= 1 && o.mel.n_mels <= o.mel.n_fft, "n_mels must be from 1 to n_fft.");
  require(o.mel.f_min_hz >= 0 && o.mel.f_min_hz < o.mel.f_max_hz && o.mel.f_max_hz <= o.mel.sample_rate_hz / 2.0,
          "f_min and f_max must satisfy 0 <= f_min < f_max <= sample_rate / 2.");
  require(o.delta_window >= 1, "delta_window must be at least 1.");
  require(o.floor > 0.0, "floor must be positive.");
  require(o.statics || o.delta || o.delta2, "channels must name at least one channel.");
  return o;
}

}  // namespace

void Moments::add(const float* samples, int64_t count) {
  if (count == 0) return;
  if (count_ == 0) shift_ = samples[0];
  dispatch::active().log_mel->add_moments(samples, count_, count, shift_, &sums_);
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

struct LogMel::Scratch {
  std::vector<float> signal, work, statics, deltas, delta2_row;
  std::vector<const float*> pointers;
};

LogMel::LogMel(const LogMelOptions& options)
    : options_(checked(options)), fft_(options.mel.n_fft), filters_(options.mel, options.power_gain) {
  for (const double w : window_values(options.window, options.window_length_samples)) {
    window_.push_back(static_cast<float>(w));
  }
  tables_.fft = fft_.tables();
  tables_.mel = filters_.tables();
  tables_.window = window_.data();
  tables_.window_length = options.window_length_samples;
  tables_.hop = options.hop_samples;
  tables_.log = options.log;
  tables_.floor = static_cast<float>(options.floor);
}

int LogMel::context_frames() const {
  return options_.delta2 ? 2 * options_.delta_window : options_.delta ? options_.delta_window : 0;
}

int64_t LogMel::n_frames(int64_t n) const {
  const int64_t length = options_.window_length_samples, hop = options_.hop_samples;
  if (options_.framing == Framing::tail) return n <= length ? 1 : 1 + (n - length + hop - 1) / hop;
  if (options_.framing == Framing::snip) return n < length ? 0 : 1 + (n - length) / hop;
  return n < 1 ? 0 : 1 + (n - options_.mel.n_fft % 2) / hop;
}

int64_t LogMel::frame_start(int64_t frame) const {
  const int64_t start = frame * options_.hop_samples;
  if (options_.framing != Framing::center) return start;
  // the frame of n_fft samples is centred, and the window within it; its shift changes phases only
  return start - options_.mel.n_fft / 2 + (options_.mel.n_fft - options_.window_length_samples) / 2;
}

int64_t LogMel::n_complete_frames(int64_t n_samples) const {
  if (n_samples <= -frame_start(0)) return 0;  // what is reflected before the first sample is not all there
  const int64_t last_start = n_samples - options_.window_length_samples - frame_start(0);
  return last_start < 0 ? 0 : 1 + last_start / options_.hop_samples;
}

SampleRange LogMel::samples_under(int64_t first, int64_t count, int64_t total) const {
  int64_t begin = frame_start(first);
  int64_t end = frame_start(first + count - 1) + options_.window_length_samples;
  if (begin <= -total || end > 2 * total - 1) return {0, total};  // reflected more than once
  int64_t low = std::max<int64_t>(begin, 0), high = std::min(end, total);
  if (options_.framing == Framing::center) {
    if (begin < 0) low = 0, high = std::max(high, std::min(total, 1 - begin));
    if (end > total) high = total, low = std::min(low, std::max<int64_t>(0, 2 * (total - 1) - (end - 1)));
  }
  low = std::min(low, high);
  if (options_.preemphasis != 0.0) low = std::max<int64_t>(0, low - 1);
  return {low, high};
}

SampleRange LogMel::samples_needed(int64_t first, int64_t count, int64_t total) const {
  const int64_t context = context_frames();
  const int64_t begin = std::max<int64_t>(0, first - context);
  const int64_t end = std::min(n_frames(total), first + count + context);
  return samples_under(begin, end - begin, total);
}

// The conditioned signal at positions [begin, end), which may reach beyond either end of the waveform.
void LogMel::signal(const WaveformPart& part, int64_t begin, int64_t end, float* out) const {
  const auto condition = dispatch::active().log_mel->condition;
  const auto one = [&](int64_t t, float* to) {
    // the first sample has no predecessor and is kept
    condition(part.samples + (t - part.start), 1, part.mean, part.scale, t == 0 ? 0.0 : options_.preemphasis, to);
  };
  const int64_t inside_begin = std::min(end, std::max<int64_t>(begin, 0));
  const int64_t inside_end = std::max(inside_begin, std::min(end, part.total));
  const bool reflect = options_.framing == Framing::center;
  for (int64_t t = begin; t < inside_begin; ++t) one(reflected(t, part.total), out + (t - begin));
  int64_t t = inside_begin;
  if (t == 0 && t < inside_end) one(t, out + (t - begin)), ++t;
  if (t < inside_end) {
    condition(part.samples + (t - part.start), inside_end - t, part.mean, part.scale, options_.preemphasis,
              out + (t - begin));
  }
  for (t = inside_end; t < end; ++t) {
    if (reflect) {
      one(reflected(t, part.total), out + (t - begin));
    } else {
      out[t - begin] = 0.0f;
    }
  }
}

void LogMel::static_rows(const WaveformPart& part, int64_t first, int64_t count, Scratch& scratch, float* rows) const {
  const int64_t hop = options_.hop_samples, length = options_.window_length_samples;
  scratch.work.resize(fft_.work_floats());
  scratch.signal.resize(static_cast<size_t>((kTileFrames - 1) * hop + length));
  for (int64_t tile = 0; tile < count; tile += kTileFrames) {
    const int64_t n = std::min(kTileFrames, count - tile);
    const int64_t begin = frame_start(first + tile);
    signal(part, begin, begin + (n - 1) * hop + length, scratch.signal.data());
    for (int64_t block = 0; block < n; block += kernels::kLanes) {
      const int lanes = static_cast<int>(std::min<int64_t>(kernels::kLanes, n - block));
      dispatch::active().log_mel->mel_rows(&tables_, scratch.signal.data() + block * hop, lanes, scratch.work.data(),
                                           rows + (tile + block) * n_mels());
    }
  }
}

void LogMel::compute_piece(const WaveformPart& part, int64_t first, int64_t count, float* out, Scratch& scratch) const {
  const int64_t total = n_frames(part.total), width = n_mels(), half = options_.delta_window;
  const int channels = n_channels();
  const auto delta_row = dispatch::active().log_mel->delta_row;
  const float denominator = static_cast<float>(half * (half + 1) * (2 * half + 1) / 3);  // 2 sum n^2, n = 1..N

  const int64_t static_begin = std::max<int64_t>(0, first - context_frames());
  const int64_t static_end = std::min(total, first + count + context_frames());
  scratch.statics.resize(static_cast<size_t>((static_end - static_begin) * width));
  static_rows(part, static_begin, static_end - static_begin, scratch, scratch.statics.data());

  // a row of the regression over `source`, which holds frames [source_begin, ...), edge frames repeated
  scratch.pointers.resize(static_cast<size_t>(2 * half + 1));
  const auto regress = [&](const std::vector<float>& source, int64_t source_begin, int64_t frame, float* to) {
    for (int64_t n = -half; n <= half; ++n) {
      const int64_t at = std::min(std::max<int64_t>(0, frame + n), total - 1);
      scratch.pointers[static_cast<size_t>(n + half)] = source.data() + (at - source_begin) * width;
    }
    delta_row(scratch.pointers.data(), static_cast<int>(half), denominator, static_cast<int>(width), to);
  };

  const int64_t reach = options_.delta2 ? half : 0;
  const int64_t delta_begin = std::max<int64_t>(0, first - reach), delta_end = std::min(total, first + count + reach);
  if (options_.delta || options_.delta2) {
    scratch.deltas.resize(static_cast<size_t>((delta_end - delta_begin) * width));
    for (int64_t f = delta_begin; f < delta_end; ++f) {
      regress(scratch.statics, static_begin, f, scratch.deltas.data() + (f - delta_begin) * width);
    }
  }

  scratch.delta2_row.resize(static_cast<size_t>(width));
  for (int64_t f = first; f < first + count; ++f) {
    float* to = out + (f - first) * width * channels;
    int channel = 0;
    const auto place = [&](const float* row) {
      for (int64_t b = 0; b < width; ++b) to[b * channels + channel] = row[b];
      ++channel;
    };
    if (options_.statics) place(scratch.statics.data() + (f - static_begin) * width);
    if (options_.delta) place(scratch.deltas.data() + (f - delta_begin) * width);
    if (options_.delta2) {
      regress(scratch.deltas, delta_begin, f, scratch.delta2_row.data());
      place(scratch.delta2_row.data());
    }
  }
}

void LogMel::compute(const WaveformPart& part, int64_t first, int64_t count, float* out, int threads) const {
  const int64_t pieces = (count + kPieceFrames - 1) / kPieceFrames;
  std::vector<Scratch> scratch(static_cast<size_t>(std::max(threads, 1)));
  parallel_for(pieces, threads, [&](int64_t piece, int worker) {
    const int64_t begin = piece * kPieceFrames, n = std::min(kPieceFrames, count - begin);
    compute_piece(part, first + begin, n, out + begin * n_mels() * n_channels(), scratch[static_cast<size_t>(worker)]);
  });
}

void LogMel::batch(const float* samples, const int64_t* sample_offsets, int64_t n, bool standardize, double scale,
                   const int64_t* frame_offsets, float* out, int threads) const {
  struct Piece {
    int64_t waveform, first, count;
  };
  std::vector<WaveformPart> parts(static_cast<size_t>(n));
  std::vector<Piece> pieces;
  for (int64_t i = 0; i < n; ++i) {
    const int64_t total = sample_offsets[i + 1] - sample_offsets[i];
    parts[static_cast<size_t>(i)] = {samples + sample_offsets[i], 0, total, total, 0.0, scale};
    const int64_t frames = n_frames(total);
    for (int64_t first = 0; first < frames; first += kPieceFrames) {
      pieces.push_back({i, first, std::min(kPieceFrames, frames - first)});
    }
  }
  if (standardize) {
    parallel_for(n, threads, [&](int64_t i, int) {
      WaveformPart& part = parts[static_cast<size_t>(i)];
      Moments moments;
      moments.add(part.samples, part.count);
      const double deviation = std::sqrt(moments.variance());
      part.mean = moments.mean();
      part.scale = deviation > 0.0 ? 1.0 / deviation : 0.0;
    });
  }
  std::vector<Scratch> scratch(static_cast<size_t>(std::max(threads, 1)));
  parallel_for(static_cast<int64_t>(pieces.size()), threads, [&](int64_t p, int worker) {
    const Piece& piece = pieces[static_cast<size_t>(p)];
    float* to = out + (frame_offsets[piece.waveform] + piece.first) * n_mels() * n_channels();
    compute_piece(parts[static_cast<size_t>(piece.waveform)], piece.first, piece.count, to,
                  scratch[static_cast<size_t>(worker)]);
  });
}

}  // namespace serkit
