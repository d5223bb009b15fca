// One function a header of include/serkit, each in a file of the same stem.
#pragma once

#include <pybind11/pybind11.h>

namespace serkit::bindings {

void bind_attention(pybind11::module_& m);
void bind_blocks(pybind11::module_& m);
void bind_riff(pybind11::module_& m);
void bind_spectral(pybind11::module_& m);

}  // namespace serkit::bindings
