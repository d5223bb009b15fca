#include "serkit/blocks.h"

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <memory>

#include "bindings/bindings.h"

namespace serkit::bindings {
namespace {

namespace py = pybind11;

struct Give {
  void operator()(Block* block) const {
    give_block(*block);
    delete block;
  }
};

py::array_t<uint8_t> reused_bytes(size_t bytes) {
  std::unique_ptr<Block, Give> block(new Block(take_block(bytes)));
  auto* memory = static_cast<uint8_t*>(block->memory);
  const py::capsule owner(block.get(), [](void* taken) { Give{}(static_cast<Block*>(taken)); });
  block.release();
  return py::array_t<uint8_t>(static_cast<py::ssize_t>(bytes), memory, owner);
}

}  // namespace

void bind_blocks(py::module_& m) { m.def("reused_bytes", &reused_bytes, py::arg("bytes")); }

}  // namespace serkit::bindings
