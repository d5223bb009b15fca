// include/serkit/spectral.h, frames.h. Shapes are checked here; values, names and words are serkit.kernels.native's.
#include "serkit/spectral.h"

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "bindings/bindings.h"
#include "dispatch/dispatch.h"
#include "serkit/require.h"

namespace py = pybind11;

namespace serkit::bindings {
namespace {

using Floats = py::array_t<float, py::array::c_style>;
using Offsets = py::array_t<int64_t, py::array::c_style>;

template <typename T>
T value(const py::dict& options, const char* key) {
  return py::cast<T>(options[key]);
}

template <typename T>
T named(const std::map<std::string, T>& names, const py::dict& options, const char* key) {
  const auto name = value<std::string>(options, key);
  const auto found = names.find(name);
  if (found == names.end()) throw std::invalid_argument(std::string("There is no ") + key + " named '" + name + "'.");
  return found->second;
}

const std::map<std::string, kernels::StageKind> kStages{{"stft", kernels::StageKind::stft},
                                                        {"spectrum", kernels::StageKind::spectrum},
                                                        {"mel", kernels::StageKind::mel},
                                                        {"cepstra", kernels::StageKind::cepstra}};
const std::map<std::string, Framing> kFramings{{"tail", Framing::tail},
                                               {"snip", Framing::snip},
                                               {"center", Framing::center},
                                               {"center-zero", Framing::center_zero},
                                               {"mirror", Framing::mirror}};
const std::map<std::string, Window> kWindows{
    {"hamming", Window::hamming},   {"hamming-periodic", Window::hamming_periodic},
    {"hann", Window::hann},         {"hann-periodic", Window::hann_periodic},
    {"blackman", Window::blackman}, {"blackman-periodic", Window::blackman_periodic},
    {"povey", Window::povey},       {"rectangular", Window::rectangular}};
const std::map<std::string, kernels::EnergyKind> kEnergies{{"none", kernels::EnergyKind::none},
                                                           {"frame", kernels::EnergyKind::frame},
                                                           {"spectrum", kernels::EnergyKind::spectrum}};
const std::map<std::string, MelScale> kScales{{"htk", MelScale::htk},
                                              {"slaney", MelScale::slaney},
                                              {"psf-bins", MelScale::psf_bins},
                                              {"htk-warped", MelScale::htk_warped}};
const std::map<std::string, MelNorm> kNorms{{"none", MelNorm::none}, {"slaney", MelNorm::slaney}};
const std::map<std::string, kernels::LogKind> kLogs{{"none", kernels::LogKind::none},
                                                    {"natural", kernels::LogKind::natural},
                                                    {"decibel", kernels::LogKind::decibel},
                                                    {"psf", kernels::LogKind::zeros_to_epsilon}};
const std::map<std::string, bool> kFrameScope{{"signal", false}, {"frame", true}};
const std::map<std::string, bool> kMagnitude{{"power", false}, {"magnitude", true}};
const std::map<std::string, bool> kOrthonormal{{"ortho", true}, {"htk", false}};

SpectralOptions options_from(const py::dict& d) {
  SpectralOptions o;
  o.stage = named(kStages, d, "stage");
  o.frames.sample_rate_hz = value<int>(d, "sample_rate");
  o.frames.length_samples = value<int>(d, "frame_samples");
  o.frames.hop_samples = value<int>(d, "hop_samples");
  o.frames.n_fft = value<int>(d, "n_fft");
  o.frames.framing = named(kFramings, d, "framing");
  const double preemphasis = value<double>(d, "preemphasis");
  (named(kFrameScope, d, "preemphasis_scope") ? o.frame_preemphasis : o.frames.preemphasis) = preemphasis;
  o.remove_dc = value<bool>(d, "remove_dc");
  o.energy = named(kEnergies, d, "energy");
  o.window = named(kWindows, d, "window");
  o.first_bin = value<int>(d, "first_bin");
  o.n_bins = value<int>(d, "n_bins");
  o.magnitude = named(kMagnitude, d, "spectrum");
  o.power_gain = value<double>(d, "power_gain");
  o.n_mels = value<int>(d, "n_mels");
  o.f_min_hz = value<double>(d, "f_min");
  o.f_max_hz = value<double>(d, "f_max");
  o.mel_scale = named(kScales, d, "mel_scale");
  o.mel_norm = named(kNorms, d, "mel_norm");
  o.log = named(kLogs, d, "log");
  o.floor = value<double>(d, "floor");
  o.first_cepstrum = value<int>(d, "first_cepstrum");
  o.n_cepstra = value<int>(d, "n_cepstra");
  o.dct_orthonormal = named(kOrthonormal, d, "dct");
  o.lifter = value<double>(d, "lifter");
  o.delta_window = value<int>(d, "delta_window");
  o.statics = o.delta = o.delta2 = false;
  for (const auto& name : value<std::vector<std::string>>(d, "channels")) {
    (name == "static" ? o.statics : name == "delta" ? o.delta : o.delta2) = true;
  }
  return o;
}

void check_out(const Spectral& self, const Floats& out, int64_t frames) {
  require(out.ndim() == 3 && out.shape(0) == frames && out.shape(1) == self.n_rows() &&
              out.shape(2) == self.n_channels() && out.writeable(),
          "out must be a writeable float32 array [frames, n_rows, n_channels].");
}

void compute(const Spectral& self, const Floats& samples, int64_t start, int64_t total, double mean, double scale,
             int64_t first, int64_t count, Floats out, int threads) {
  require(samples.ndim() == 1, "samples must be one-dimensional.");
  require(first >= 0 && count >= 1 && first + count <= self.frames().count(total), "There are no such frames.");
  const WaveformPart part{samples.data(), start, samples.shape(0), total, mean, scale};
  const SampleRange needed = self.samples_needed(first, count, total);
  require(part.start >= 0 && part.start <= needed.begin && needed.end <= part.start + part.count,
          "The samples given do not hold all that the frames depend on.");
  check_out(self, out, count);
  float* to = out.mutable_data();
  py::gil_scoped_release unlocked;
  self.compute(part, first, count, to, threads);
}

// The arrays stay alive and in place while the GIL is released: `waveforms` holds them.
int64_t batch(const Spectral& self, const std::vector<Floats>& waveforms, bool standardize, double scale, float limit,
              const Offsets& frame_offsets, Floats out, int threads) {
  require(frame_offsets.ndim() == 1 && frame_offsets.shape(0) == static_cast<py::ssize_t>(waveforms.size()) + 1,
          "frame_offsets must hold one number more than there are waveforms.");
  const int64_t* offsets = frame_offsets.data();
  std::vector<Waveform> from;
  from.reserve(waveforms.size());
  require(offsets[0] == 0, "frame_offsets must begin at 0.");
  for (const Floats& waveform : waveforms) {
    require(waveform.ndim() == 1 && waveform.shape(0) >= 1, "A waveform must be one-dimensional and not empty.");
    const size_t i = from.size();
    require(offsets[i + 1] - offsets[i] == self.frames().count(waveform.shape(0)),
            "frame_offsets must rise by each waveform's frames.");
    from.push_back({waveform.data(), waveform.shape(0)});
  }
  check_out(self, out, offsets[waveforms.size()]);
  float* to = out.mutable_data();
  py::gil_scoped_release unlocked;
  return self.batch(from, standardize, scale, limit, offsets, to, threads);
}

bool all_within(const Floats& samples, float limit) {
  const float* x = samples.data();
  const int64_t n = samples.size();
  py::gil_scoped_release unlocked;
  return dispatch::active().signal->all_within(x, n, limit);
}

}  // namespace

void bind_spectral(py::module_& m) {
  // noconvert: a silent copy to float32 is the caller's decision, not the binding's
  py::class_<Spectral>(m, "Spectral")
      .def(py::init([](const py::dict& options) { return new Spectral(options_from(options)); }))
      .def("n_frames", [](const Spectral& self, int64_t n_samples) { return self.frames().count(n_samples); })
      .def("n_complete_frames", [](const Spectral& self, int64_t n) { return self.frames().complete(n); })
      .def("context_frames", &Spectral::context_frames)
      .def("samples_needed",
           [](const Spectral& self, int64_t first, int64_t count, int64_t total) {
             const SampleRange range = self.samples_needed(first, count, total);
             return py::make_tuple(range.begin, range.end);
           })
      .def("compute", &compute, py::arg("samples").noconvert(), py::arg("start"), py::arg("total"), py::arg("mean"),
           py::arg("scale"), py::arg("first"), py::arg("count"), py::arg("out").noconvert(), py::arg("threads"))
      .def("batch", &batch, py::arg("waveforms").noconvert(), py::arg("standardize"), py::arg("scale"),
           py::arg("limit"), py::arg("frame_offsets").noconvert(), py::arg("out").noconvert(), py::arg("threads"));
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
  m.def("all_within", &all_within, py::arg("samples").noconvert(), py::arg("limit"));
}

}  // namespace serkit::bindings
