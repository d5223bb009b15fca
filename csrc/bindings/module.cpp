#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include "bindings/bindings.h"
#include "dispatch/dispatch.h"

PYBIND11_MODULE(_core, m) {
  m.doc() = "SerKit's compiled feature core.";
  m.def(
      "isa", [] { return serkit::dispatch::active().isa; },
      "Instruction set in use; raises ValueError if SERKIT_ISA is wrong.");
  m.def("supported_isas", &serkit::dispatch::supported, "Names SERKIT_ISA may have on this machine.");
  serkit::bindings::bind_attention(m);
  serkit::bindings::bind_blocks(m);
  serkit::bindings::bind_riff(m);
  serkit::bindings::bind_spectral(m);
}
