#include "serkit/spectral.h"

#include <algorithm>
#include <atomic>
#include <cfloat>
#include <cmath>
#include <string>

#include "dispatch/dispatch.h"
#include "serkit/aligned.h"
#include "serkit/parallel.h"
#include "serkit/require.h"

namespace serkit {
namespace {

using kernels::EnergyKind;
using kernels::StageKind;

constexpr int64_t kPieceBytes = 192 << 10;  // rows of a piece: they stay in the second-level cache
constexpr int64_t kMinPieceFrames = 64, kMaxPieceFrames = 1024;
constexpr int64_t kRunBytes = 4 << 20;  // of output that one thread writes in a row: two pages of the larger kind
constexpr int64_t kRunsPerThread = 8;   // enough that no thread waits long for the last

// Frames that kernels take at a time.
int64_t lanes() { return dispatch::active().spectral->lanes; }

// The options, checked, without what their stage has no use for.
SpectralOptions checked(SpectralOptions o) {
  const int n_fft = o.frames.n_fft;
  const double nyquist = o.frames.sample_rate_hz / 2.0;
  if (o.stage == StageKind::stft || o.stage == StageKind::spectrum) {
    require(o.n_bins >= 1 && o.first_bin >= 0 && o.first_bin + static_cast<int64_t>(o.n_bins) <= n_fft / 2 + 1,
            "The bins kept must lie in [0, " + std::to_string(n_fft / 2) +
                "], the bins of n_fft=" + std::to_string(n_fft) + ".");
    o.n_mels = 0;
    o.f_min_hz = o.f_max_hz = 0.0;
  } else {
    require(o.n_mels >= 1 && o.n_mels <= n_fft, "n_mels must be from 1 to n_fft.");
    require(o.f_min_hz >= 0 && o.f_min_hz < o.f_max_hz && o.f_max_hz <= nyquist,
            "f_min and f_max must satisfy 0 <= f_min < f_max <= sample_rate / 2.");
  }
  if (o.stage == StageKind::stft) {
    require(o.log == kernels::LogKind::none, "A complex spectrum has no logarithm here.");
    require(o.statics && !o.delta && !o.delta2, "A complex spectrum has no deltas.");
  }
  if (o.stage != StageKind::cepstra) {
    require(o.energy == EnergyKind::none, "energy goes with cepstra only.");
    o.n_cepstra = 0;
  } else {
    require(
        o.first_cepstrum >= 0 && o.n_cepstra >= 1 && o.first_cepstrum + static_cast<int64_t>(o.n_cepstra) <= o.n_mels,
        "Cepstra must lie in [0, n_mels - 1].");
    require(o.lifter >= 0.0 && std::isfinite(o.lifter), "lifter must be 0 or positive.");
  }
  require(o.delta_window >= 1 && o.delta_window <= 4096, "delta_window must be from 1 to 4096.");
  require(o.floor >= FLT_MIN, "floor must be a normal float32 number, at least 1.2e-38.");
  require(o.statics || o.delta || o.delta2, "channels must name at least one channel.");
  return o;
}

// What |X|^2 as kernels give it has to be multiplied by.
double power_factor(const SpectralOptions& o) { return o.power_gain * (o.frames.n_fft % 2 == 0 ? 0.25 : 1.0); }

// Whether that factor can wait for the Mel weights: only where nothing else is made of the powers.
bool factor_in_weights(const SpectralOptions& o) {
  return (o.stage == StageKind::mel || o.stage == StageKind::cepstra) && !o.magnitude &&
         o.energy != EnergyKind::spectrum;
}

MelOptions mel_options(const SpectralOptions& o) {
  return {o.frames.sample_rate_hz, o.frames.n_fft, o.n_mels, o.f_min_hz, o.f_max_hz, o.mel_scale, o.mel_norm};
}

}  // namespace

struct Spectral::Scratch {
  AlignedFloats signal, work, block, rows;
  std::vector<const float*> pointers;
  float limit = 0.0f;  // of the magnitude of samples; 0: they have been checked
  bool within = true;
};

Spectral::Spectral(const SpectralOptions& options)
    : options_(checked(options)),
      frames_(options_.frames),
      fft_(options_.frames.n_fft),
      filters_(mel_options(options_), factor_in_weights(options_) ? power_factor(options_) : 1.0) {
  const SpectralOptions& o = options_;
  for (const double w : window_values(o.window, o.frames.length_samples)) window_.push_back(static_cast<float>(w));
  const double tau = 2.0 * 3.14159265358979323846;
  for (int c = o.first_cepstrum; c < o.first_cepstrum + o.n_cepstra; ++c) {
    double norm = std::sqrt((c == 0 && o.dct_orthonormal ? 1.0 : 2.0) / o.n_mels);
    if (o.lifter > 0.0) norm *= 1.0 + o.lifter / 2.0 * std::sin(tau / 2.0 * c / o.lifter);
    for (int b = 0; b < o.n_mels; ++b) {
      dct_.push_back(static_cast<float>(norm * std::cos(tau / 2.0 * c * (b + 0.5) / o.n_mels)));
    }
  }
  tables_.stage = o.stage;
  tables_.window = window_.data();
  tables_.window_length = o.frames.length_samples;
  const bool centred = o.frames.framing == Framing::center || o.frames.framing == Framing::center_zero;
  // where the window begins changes phases only
  tables_.window_begin = o.stage == StageKind::stft && centred ? (o.frames.n_fft - o.frames.length_samples) / 2 : 0;
  tables_.remove_dc = o.remove_dc;
  tables_.frame_preemphasis = static_cast<float>(o.frame_preemphasis);
  tables_.energy = o.energy;
  tables_.fft = fft_.tables();
  tables_.power_factor = factor_in_weights(o) ? 1.0f : static_cast<float>(power_factor(o));
  tables_.magnitude = o.magnitude;
  tables_.first_bin = o.first_bin;
  tables_.n_bins = o.n_bins;
  tables_.mel = filters_.tables();
  tables_.log = o.log;
  tables_.floor = static_cast<float>(o.floor);
  tables_.n_cepstra = o.n_cepstra;
  tables_.dct = dct_.data();
  const int64_t frame_bytes = static_cast<int64_t>(sizeof(float)) * n_rows() * 3;
  piece_frames_ =
      std::clamp(kPieceBytes / frame_bytes / kMinPieceFrames * kMinPieceFrames, kMinPieceFrames, kMaxPieceFrames);
}

int Spectral::n_rows() const {
  if (options_.stage == StageKind::stft || options_.stage == StageKind::spectrum) return options_.n_bins;
  if (options_.stage == StageKind::mel) return options_.n_mels;
  return options_.n_cepstra + (options_.energy != EnergyKind::none);
}

int Spectral::n_channels() const {
  return options_.stage == StageKind::stft ? 2 : options_.statics + options_.delta + options_.delta2;
}

int Spectral::context_frames() const {
  return options_.delta2 ? 2 * options_.delta_window : options_.delta ? options_.delta_window : 0;
}

SampleRange Spectral::samples_needed(int64_t first, int64_t count, int64_t total) const {
  const int64_t context = context_frames();
  const int64_t begin = std::max<int64_t>(0, first - context);
  const int64_t end = std::min(frames_.count(total), first + count + context);
  return frames_.samples_under(begin, end - begin, total);
}

// Frames [first, first + count) without deltas: row r of frame f to to[r * stride + f - first]. `out` is where they
// will go in the end.
void Spectral::rows(const WaveformPart& part, int64_t first, int64_t count, Scratch& scratch, float* to, int64_t stride,
                    const float* out) const {
  const int64_t hop = options_.frames.hop_samples, length = options_.frames.length_samples;
  const int64_t all = frames_.count(part.total), stop = part.start + part.count;
  const auto& kernels = dispatch::active();
  float* work = scratch.work.reserve(static_cast<size_t>(lanes()) * kernels::work_numbers(tables_));
  for (int64_t f = 0; f < count; f += lanes()) {
    const int n = static_cast<int>(std::min(lanes(), count - f));
    const int64_t begin = frames_.begin(first + f), end = begin + (n - 1) * hop + length;
    const float* next = part.samples + (std::min(end, stop) - part.start);
    const float* place = out + f * n_values();
    const kernels::Ahead ahead{next, next + std::clamp<int64_t>(stop - end, 0, lanes() * hop), place,
                               place + n * n_values()};
    if (scratch.limit > 0.0f) {
      // the samples that these frames add to those before them; the last frame adds all that are left
      const int64_t from = std::min(stop, (first + f) * hop);
      const int64_t until = first + f + n == all ? stop : std::min(stop, (first + f + n) * hop);
      scratch.within &= kernels.signal->all_within(part.samples + from, until - from, scratch.limit);
    }
    const float* samples = part.samples + (begin - part.start);
    int64_t step = hop;
    if (!frames_.as_it_is(part, begin, end)) {
      // frames far apart are laid side by side: what lies between them is nobody's, and may be any amount
      const bool apart = hop > length;
      step = apart ? length : hop;
      float* signal = scratch.signal.reserve(static_cast<size_t>((n - 1) * step + length));
      for (int l = 0; l < (apart ? n : 1); ++l) {
        const int64_t from = begin + l * hop;
        frames_.signal(part, from, apart ? from + length : end, signal + l * step);
      }
      samples = signal;
    }
    kernels.spectral->block(&tables_, samples, step, n, ahead, work, to + f, stride);
  }
}

void Spectral::plain_piece(const WaveformPart& part, int64_t first, int64_t count, float* out, Scratch& scratch) const {
  const int values = n_values();
  float* block = scratch.block.reserve(static_cast<size_t>(values) * static_cast<size_t>(lanes()));
  scratch.pointers.resize(static_cast<size_t>(values));
  for (int r = 0; r < values; ++r) scratch.pointers[static_cast<size_t>(r)] = block + r * lanes();
  for (int64_t f = 0; f < count; f += lanes()) {
    const int64_t n = std::min(lanes(), count - f);
    rows(part, first + f, n, scratch, block, lanes(), out + f * values);
    dispatch::active().spectral->to_frames(scratch.pointers.data(), values, n, out + f * values);
  }
}

void Spectral::delta_piece(const WaveformPart& part, int64_t first, int64_t count, float* out, Scratch& scratch) const {
  const auto& kernels = *dispatch::active().spectral;
  const int64_t total = frames_.count(part.total), half = options_.delta_window, height = n_rows();
  const float factor = static_cast<float>(1.0 / (half * (half + 1) * (2 * half + 1) / 3));  // 1 / (2 sum n^2)
  const int n_sources = 2 + options_.delta2, channels = n_channels();

  // Columns of a row: frame f lies at f - origin. Static rows reach `context` frames beyond the piece on either side,
  // rows of deltas `half` fewer; frames beyond the waveform repeat its edge frames. The piece begins at whole lanes.
  const int64_t context = context_frames(), lead = (context + lanes() - 1) / lanes() * lanes();
  const int64_t origin = first - lead, width = (lead + count + context) / lanes() * lanes() + 3 * lanes();
  float* base = scratch.rows.reserve(static_cast<size_t>(height * n_sources * width));
  // rows of one source lie together: a block of frames is stored over few pages
  const auto row = [&](int64_t r, int source) { return base + (source * height + r) * width; };
  const int64_t begin = std::max<int64_t>(0, first - context), end = std::min(total, first + count + context);
  const auto repeat_edges = [&](float* values, int64_t low, int64_t high) {  // of frames [low, high)
    for (int64_t f = low; f < 0; ++f) values[f - origin] = values[-origin];
    for (int64_t f = total; f < high; ++f) values[f - origin] = values[total - 1 - origin];
  };

  rows(part, begin, end - begin, scratch, base + (begin - origin), width, out);
  for (int64_t r = 0; r < height; ++r) {
    float* statics = row(r, 0);
    repeat_edges(statics, first - context, first + count + context);
    const int64_t reach = context - half, delta_begin = std::max<int64_t>(0, first - reach);
    const int64_t delta_end = std::min(total, first + count + reach);
    kernels.deltas(statics + (delta_begin - origin), static_cast<int>(half), factor, delta_end - delta_begin,
                   row(r, 1) + (delta_begin - origin));
    if (!options_.delta2) continue;
    repeat_edges(row(r, 1), first - reach, first + count + reach);
    kernels.deltas(row(r, 1) + lead, static_cast<int>(half), factor, count, row(r, 2) + lead);
  }

  scratch.pointers.resize(static_cast<size_t>(height * channels));
  size_t at = 0;
  for (int64_t r = 0; r < height; ++r) {
    if (options_.statics) scratch.pointers[at++] = row(r, 0) + lead;
    if (options_.delta) scratch.pointers[at++] = row(r, 1) + lead;
    if (options_.delta2) scratch.pointers[at++] = row(r, 2) + lead;
  }
  kernels.to_frames(scratch.pointers.data(), height * channels, count, out);
}

void Spectral::piece(const WaveformPart& part, int64_t first, int64_t count, float* out, Scratch& scratch) const {
  if (options_.delta || options_.delta2) {
    delta_piece(part, first, count, out, scratch);
  } else {
    plain_piece(part, first, count, out, scratch);
  }
}

void Spectral::compute(const WaveformPart& part, int64_t first, int64_t count, float* out, int threads) const {
  const int64_t pieces = (count + piece_frames_ - 1) / piece_frames_;
  std::vector<Scratch> scratch(static_cast<size_t>(std::max(threads, 1)));
  parallel_for(pieces, threads, [&](int64_t p, int worker) {
    const int64_t begin = p * piece_frames_, n = std::min(piece_frames_, count - begin);
    piece(part, first + begin, n, out + begin * n_values(), scratch[static_cast<size_t>(worker)]);
  });
}

int64_t Spectral::batch(const std::vector<Waveform>& waveforms, bool standardize, double scale, float limit,
                        const int64_t* frame_offsets, float* out, int threads) const {
  struct Piece {
    int64_t waveform, first, count;
  };
  const int64_t n = static_cast<int64_t>(waveforms.size());
  std::vector<WaveformPart> parts;
  std::vector<Piece> pieces;
  for (const Waveform& waveform : waveforms) {
    const int64_t count = frames_.count(waveform.count);
    for (int64_t first = 0; first < count; first += piece_frames_) {
      pieces.push_back({static_cast<int64_t>(parts.size()), first, std::min(piece_frames_, count - first)});
    }
    parts.push_back({waveform.samples, 0, waveform.count, waveform.count, 0.0, scale});
  }
  std::atomic<int64_t> first_bad{n};
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
  // A thread takes pieces that follow each other in `out`, so that two threads do not meet in a page of fresh memory:
  // each would have the system clear it, and one for nothing (measured: 1.6 instead of 1.9 times one thread's speed).
  const int64_t all = frame_offsets[n], workers = std::max(threads, 1);
  const int64_t most = kRunBytes / (static_cast<int64_t>(sizeof(float)) * n_values());
  const int64_t run_frames = std::clamp(all / (workers * kRunsPerThread), int64_t{1}, std::max<int64_t>(most, 1));
  std::vector<size_t> runs{0};
  for (size_t p = 0, begun = 0; p < pieces.size(); ++p) {
    begun += static_cast<size_t>(pieces[p].count);
    if (static_cast<int64_t>(begun) >= run_frames) runs.push_back(p + 1), begun = 0;
  }
  if (runs.back() < pieces.size()) runs.push_back(pieces.size());
  std::vector<Scratch> scratch(static_cast<size_t>(workers));
  parallel_for(static_cast<int64_t>(runs.size()) - 1, threads, [&](int64_t run, int worker) {
    Scratch& own = scratch[static_cast<size_t>(worker)];
    own.limit = limit;
    for (size_t p = runs[static_cast<size_t>(run)]; p < runs[static_cast<size_t>(run) + 1]; ++p) {
      const Piece& at = pieces[p];
      own.within = true;
      piece(parts[static_cast<size_t>(at.waveform)], at.first, at.count,
            out + (frame_offsets[at.waveform] + at.first) * n_values(), own);
      int64_t known = first_bad;
      while (!own.within && at.waveform < known && !first_bad.compare_exchange_weak(known, at.waveform)) {
      }
    }
  });
  return first_bad == n ? -1 : first_bad.load();
}

}  // namespace serkit
