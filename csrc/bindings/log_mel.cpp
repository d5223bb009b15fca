// include/serkit/log_mel.h, real_fft.h. Shapes are checked here; values, names and words are serkit.kernels.native's.
#include "serkit/log_mel.h"

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <cmath>
#include <map>
#include <stdexcept>
#include <string>

#include "bindings/bindings.h"

namespace py = pybind11;

namespace serkit::bindings {
namespace {

using Floats = py::array_t<float, py::array::c_style>;
using Offsets = py::array_t<int64_t, py::array::c_style>;

void require(bool allowed, const char* sentence) {
  if (!allowed) throw std::invalid_argument(sentence);
}

template <typename T>
T named(const std::map<std::string, T>& names, const std::string& key, const py::dict& options) {
  const auto value = py::cast<std::string>(options[key.c_str()]);
  const auto found = names.find(value);
  if (found == names.end()) throw std::invalid_argument("There is no " + key + " named '" + value + "'.");
  return found->second;
}

LogMelOptions options_from(const py::dict& d) {
  LogMelOptions o;
  o.mel.sample_rate_hz = py::cast<int>(d["sample_rate"]);
  o.mel.n_fft = py::cast<int>(d["n_fft"]);
  o.mel.n_mels = py::cast<int>(d["n_mels"]);
  o.mel.f_min_hz = py::cast<double>(d["f_min"]);
  o.mel.f_max_hz = py::cast<double>(d["f_max"]);
  o.mel.scale = named<MelScale>(
      {{"htk", MelScale::htk}, {"slaney", MelScale::slaney}, {"psf-bins", MelScale::psf_bins}}, "mel_scale", d);
  o.mel.norm = named<MelNorm>({{"none", MelNorm::none}, {"slaney", MelNorm::slaney}}, "mel_norm", d);
  o.window_length_samples = py::cast<int>(d["frame_samples"]);
  o.hop_samples = py::cast<int>(d["hop_samples"]);
  o.window = named<Window>({{"hamming", Window::hamming},
                            {"hamming-periodic", Window::hamming_periodic},
                            {"hann", Window::hann},
                            {"hann-periodic", Window::hann_periodic},
                            {"rectangular", Window::rectangular}},
                           "window", d);
  o.framing =
      named<Framing>({{"tail", Framing::tail}, {"snip", Framing::snip}, {"center", Framing::center}}, "framing", d);
  o.preemphasis = py::cast<double>(d["preemphasis"]);
  o.power_gain = py::cast<double>(d["power_gain"]);
  o.log = named<kernels::LogKind>({{"none", kernels::LogKind::none},
                                   {"natural", kernels::LogKind::natural},
                                   {"psf", kernels::LogKind::zeros_to_epsilon}},
                                  "log", d);
  o.floor = py::cast<double>(d["floor"]);
  o.delta_window = py::cast<int>(d["delta_window"]);
  o.statics = py::cast<bool>(d["statics"]);
  o.delta = py::cast<bool>(d["delta"]);
  o.delta2 = py::cast<bool>(d["delta2"]);
  return o;
}

void check_out(const LogMel& self, const Floats& out, int64_t frames) {
  require(out.ndim() == 3 && out.shape(0) == frames && out.shape(1) == self.n_mels() &&
              out.shape(2) == self.n_channels() && out.writeable(),
          "out must be a writeable float32 array [frames, n_mels, n_channels].");
}

void compute(const LogMel& self, const Floats& samples, int64_t start, int64_t total, double mean, double scale,
             int64_t first, int64_t count, Floats out, int threads) {
  require(samples.ndim() == 1, "samples must be one-dimensional.");
  require(first >= 0 && count >= 1 && first + count <= self.n_frames(total), "There are no such frames.");
  const WaveformPart part{samples.data(), start, samples.shape(0), total, mean, scale};
  const SampleRange needed = self.samples_needed(first, count, total);
  require(part.start >= 0 && part.start <= needed.begin && needed.end <= part.start + part.count,
          "The samples given do not hold all that the frames depend on.");
  check_out(self, out, count);
  float* to = out.mutable_data();
  py::gil_scoped_release unlocked;
  self.compute(part, first, count, to, threads);
}

void batch(const LogMel& self, const Floats& samples, const Offsets& sample_offsets, bool standardize, double scale,
           const Offsets& frame_offsets, Floats out, int threads) {
  require(samples.ndim() == 1 && sample_offsets.ndim() == 1 && frame_offsets.ndim() == 1 &&
              sample_offsets.shape(0) >= 1 && sample_offsets.shape(0) == frame_offsets.shape(0),
          "Offsets must be one-dimensional, of equal length.");
  const int64_t n = sample_offsets.shape(0) - 1;
  const int64_t* s = sample_offsets.data();
  const int64_t* f = frame_offsets.data();
  require(s[0] == 0 && f[0] == 0 && s[n] == samples.shape(0), "Offsets must begin at 0 and end at the sample count.");
  for (int64_t i = 0; i < n; ++i) {
    require(s[i] < s[i + 1] && f[i + 1] - f[i] == self.n_frames(s[i + 1] - s[i]),
            "Offsets must rise by each waveform's samples and frames.");
  }
  check_out(self, out, f[n]);
  const float* from = samples.data();
  float* to = out.mutable_data();
  py::gil_scoped_release unlocked;
  self.batch(from, s, n, standardize, scale, f, to, threads);
}

py::array_t<float> real_fft(const Floats& frames) {
  require(frames.ndim() == 2, "frames must be two-dimensional.");
  const RealFft plan(static_cast<int>(frames.shape(1)));
  const int n_frames = static_cast<int>(frames.shape(0));
  py::array_t<float> spectra({frames.shape(0), frames.shape(1) / 2 + 1, py::ssize_t{2}});
  const float* from = frames.data();
  float* to = spectra.mutable_data();
  py::gil_scoped_release unlocked;
  plan.transform(from, n_frames, to);
  return spectra;
}

// Whether every sample is finite and of magnitude <= limit: the sum of squares of larger ones may overflow.
bool all_within(const Floats& samples, float limit) {
  const float* x = samples.data();
  const int64_t n = samples.size();
  py::gil_scoped_release unlocked;
  bool within = true;
  for (int64_t i = 0; i < n; ++i) within &= std::fabs(x[i]) <= limit;  // false for NaN
  return within;
}

}  // namespace

void bind_log_mel(py::module_& m) {
  // noconvert: a silent copy to float32 is the caller's decision, not the binding's
  py::class_<LogMel>(m, "LogMel")
      .def(py::init([](const py::dict& options) { return new LogMel(options_from(options)); }))
      .def("n_frames", &LogMel::n_frames)
      .def("n_complete_frames", &LogMel::n_complete_frames)
      .def("context_frames", &LogMel::context_frames)
      .def("samples_needed",
           [](const LogMel& self, int64_t first, int64_t count, int64_t total) {
             const SampleRange range = self.samples_needed(first, count, total);
             return py::make_tuple(range.begin, range.end);
           })
      .def("compute", &compute, py::arg("samples").noconvert(), py::arg("start"), py::arg("total"), py::arg("mean"),
           py::arg("scale"), py::arg("first"), py::arg("count"), py::arg("out").noconvert(), py::arg("threads"))
      .def("batch", &batch, py::arg("samples").noconvert(), py::arg("sample_offsets").noconvert(),
           py::arg("standardize"), py::arg("scale"), py::arg("frame_offsets").noconvert(), py::arg("out").noconvert(),
           py::arg("threads"));
  py::class_<Moments>(m, "Moments")
      .def(py::init<>())
      .def(
          "add",
          [](Moments& self, const Floats& samples) {
            require(samples.ndim() == 1, "samples must be one-dimensional.");
            const float* from = samples.data();
            const int64_t n = samples.shape(0);
            py::gil_scoped_release unlocked;
            self.add(from, n);
          },
          py::arg("samples").noconvert())
      .def_property_readonly("count", &Moments::count)
      .def_property_readonly("mean", &Moments::mean)
      .def_property_readonly("variance", &Moments::variance);
  m.def("real_fft", &real_fft, py::arg("frames").noconvert());
  m.def("all_within", &all_within, py::arg("samples").noconvert(), py::arg("limit"));
}

}  // namespace serkit::bindings
