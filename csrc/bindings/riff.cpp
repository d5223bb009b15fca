// include/serkit/riff.h. Counts and shapes are checked here; words about files are serkit.kernels.native.riff's.
#include "serkit/riff.h"

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "bindings/bindings.h"

namespace py = pybind11;

namespace serkit::bindings {
namespace {

using Floats = py::array_t<float, py::array::c_style>;
using Offsets = py::array_t<int64_t, py::array::c_style>;

const char* name_of(SampleEncoding encoding) {
  switch (encoding) {
    case SampleEncoding::pcm_u8:
      return "PCM_U8";
    case SampleEncoding::pcm_16:
      return "PCM_16";
    case SampleEncoding::pcm_24:
      return "PCM_24";
    case SampleEncoding::pcm_32:
      return "PCM_32";
    case SampleEncoding::float_32:
      return "FLOAT";
    case SampleEncoding::float_64:
      return "DOUBLE";
  }
  return "";
}

void check_part(const RiffFile& self, int64_t first, const Floats& out, bool shaped) {
  if (!shaped || !out.writeable())
    throw std::invalid_argument("out must be writeable, [frames] or [frames, channels].");
  if (first < 0 || first > self.info().frames || out.shape(0) > self.info().frames - first) {
    throw std::invalid_argument("There are no such frames.");
  }
}

void read(const RiffFile& self, int64_t first, Floats out) {
  check_part(self, first, out, out.ndim() == 2 && out.shape(1) == self.info().channels);
  float* to = out.mutable_data();
  const int64_t count = out.shape(0);
  py::gil_scoped_release unlocked;
  self.read(first, count, to);
}

int64_t read_mono(const RiffFile& self, int64_t first, Floats out) {
  check_part(self, first, out, out.ndim() == 1);
  float* to = out.mutable_data();
  const int64_t count = out.shape(0);
  py::gil_scoped_release unlocked;
  return self.read_mono(first, count, to);
}

// A row a file: frames (0 if it is refused), sample rate, whether the mean over channels is exact in any order.
py::array_t<int64_t> headers(const std::vector<std::string>& paths, int threads) {
  py::array_t<int64_t> table({static_cast<py::ssize_t>(paths.size()), py::ssize_t{3}});
  int64_t* row = table.mutable_data();
  py::gil_scoped_release unlocked;
  for (const RiffOutcome& outcome : riff_headers(paths, threads)) {
    const RiffInfo& info = outcome.info;
    *row++ = outcome.fault.empty() ? info.frames : 0;
    *row++ = info.sample_rate_hz;
    *row++ = info.exact_mean();
  }
  return table;
}

// The first file that could not be read as it should: its index, fault and first frame that is not finite (-1: none).
py::object read_batch(const std::vector<std::string>& paths, const Offsets& offsets, Floats out, int threads) {
  const auto n = static_cast<py::ssize_t>(paths.size());
  if (offsets.ndim() != 1 || offsets.shape(0) != n + 1 || out.ndim() != 1 || !out.writeable()) {
    throw std::invalid_argument("offsets must have an entry more than paths, and out must be writeable, [samples].");
  }
  const int64_t* at = offsets.data();
  for (py::ssize_t i = 0; i < n; ++i) {
    if (at[i] < 0 || at[i] > at[i + 1]) throw std::invalid_argument("Offsets must rise.");
  }
  if (at[0] < 0 || at[n] > out.shape(0)) throw std::invalid_argument("Offsets must lie inside out.");
  float* to = out.mutable_data();
  std::vector<RiffOutcome> outcomes;
  {
    py::gil_scoped_release unlocked;
    outcomes = riff_read_mono(paths, at, to, threads);
  }
  for (py::ssize_t i = 0; i < n; ++i) {
    const RiffOutcome& outcome = outcomes[static_cast<size_t>(i)];
    if (!outcome.fault.empty() || outcome.first_not_finite >= 0) {
      return py::make_tuple(i, outcome.fault, outcome.first_not_finite);
    }
  }
  return py::none();
}

}  // namespace

void bind_riff(py::module_& m) {
  py::register_exception<RiffError>(m, "RiffError");
  py::class_<RiffFile>(m, "RiffFile")
      .def(py::init<const std::string&>(), py::arg("path"), py::call_guard<py::gil_scoped_release>())
      .def_property_readonly("sample_rate", [](const RiffFile& self) { return self.info().sample_rate_hz; })
      .def_property_readonly("channels", [](const RiffFile& self) { return self.info().channels; })
      .def_property_readonly("frames", [](const RiffFile& self) { return self.info().frames; })
      .def_property_readonly("encoding", [](const RiffFile& self) { return name_of(self.info().encoding); })
      .def_property_readonly("exact_mean", [](const RiffFile& self) { return self.info().exact_mean(); })
      .def("read", &read, py::arg("first"), py::arg("out").noconvert())
      .def("read_mono", &read_mono, py::arg("first"), py::arg("out").noconvert());
  m.def("riff_headers", &headers, py::arg("paths"), py::arg("threads"));
  m.def("riff_read_mono", &read_batch, py::arg("paths"), py::arg("offsets").noconvert(), py::arg("out").noconvert(),
        py::arg("threads"));
}

}  // namespace serkit::bindings
