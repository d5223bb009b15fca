// RIFF/WAVE files of plain samples: integers of 8, 16, 24 and 32 bits, floats of 32 and 64. What is compressed, of
// 64-bit sizes (RF64, W64), big-endian (RIFX) or damaged is refused in words.
#pragma once

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace serkit {

enum class SampleEncoding { pcm_u8, pcm_16, pcm_24, pcm_32, float_32, float_64 };

struct RiffInfo {
  SampleEncoding encoding = SampleEncoding::pcm_16;
  int sample_rate_hz = 0;
  int channels = 0;
  int bytes_per_frame = 0;
  int64_t data_begin_bytes = 0;
  int64_t frames = 0;  // samples a channel; all of them were inside the file when it was opened

  bool floating() const { return encoding == SampleEncoding::float_32 || encoding == SampleEncoding::float_64; }
  // Whether the sum over channels is the same in any order: sums of integers are exact in double, and two floats
  // commute.
  bool exact_mean() const { return !floating() || channels <= 2; }
};

// what() is a clause that fits behind "the file cannot be read: " and ends with the byte at fault where there is one.
class RiffError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// An open file. Reads are positional: on POSIX systems any number of threads may share one.
class RiffFile {
 public:
  // Path in the encoding of the file system (UTF-8 on Windows). Throws RiffError.
  explicit RiffFile(const std::string& path);
  ~RiffFile();

  const RiffInfo& info() const { return info_; }

  // Frames [first, first + count), which the file must have, to out [count, channels]. Integers are divided by full
  // scale, exactly but for 32 bits, which are rounded to float first; floats are stored ones, rounded if of 64 bits.
  // Throws RiffError if the file has become shorter since it was opened.
  void read(int64_t first, int64_t count, float* out) const;
  // The same averaged over channels, summed in double in their order, to out [count]. Returns the first frame that is
  // not finite, counted from `first`; -1 if all are.
  int64_t read_mono(int64_t first, int64_t count, float* out) const;

 private:
  class Bytes;
  void parse();
  void read_format(const unsigned char* f, int64_t size, int64_t begin);
  void convert(int64_t first, int64_t count, unsigned char* raw, float* out) const;

  std::unique_ptr<Bytes> bytes_;
  RiffInfo info_;
};

// What a file of a batch turned out to be: fault is empty if it was read.
struct RiffOutcome {
  RiffInfo info;
  std::string fault;
  int64_t first_not_finite = -1;
};

// Headers of many files; a file that is refused has its fault.
std::vector<RiffOutcome> riff_headers(const std::vector<std::string>& paths, int threads);

// Mono samples of many files, file i to out[offsets[i], offsets[i + 1]), each opened, read and closed on one thread. A
// file that no longer has that many frames has a fault; the others are read nevertheless.
std::vector<RiffOutcome> riff_read_mono(const std::vector<std::string>& paths, const int64_t* offsets, float* out,
                                        int threads);

}  // namespace serkit
