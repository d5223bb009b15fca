/* Log-Mel with delta and delta-delta as an ordinary C program computes it, with FFTW for the transforms: the anchor of
 * the benches. Frames of 400 samples every 160, centred on sample 160 t of the signal reflected at its ends, times a
 * window, padded to 512; power; 40 bands of consecutive bins; logarithm; regression deltas over two frames a side.
 * Compiled at bench time for the machine at hand (benches/harness/fftw.py). */
#include <fftw3.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FRAME = 400, HOP = 160, POINTS = 512, BINS = 257, BANDS = 40, BLOCK = 16, ROW = 264 };

typedef struct {
  fftwf_plan plan;
  float *frames;           /* BLOCK x POINTS; the window covers the middle, the rest stays zero */
  fftwf_complex *spectra;  /* BLOCK x ROW */
  float window[FRAME];
  int first[BANDS], count[BANDS];
  float *weights[BANDS];
  float floor;
} Lm3;

void lm3_free(Lm3 *s) {
  fftwf_destroy_plan(s->plan);
  fftwf_free(s->frames);
  fftwf_free(s->spectra);
  for (int m = 0; m < BANDS; m++) free(s->weights[m]);
  free(s);
}

/* filters: BANDS x BINS, dense; only each band's bins between its first and last weight are kept */
Lm3 *lm3_new(const float *window, const float *filters, float floor) {
  Lm3 *s = malloc(sizeof *s);
  const int points = POINTS;
  s->frames = fftwf_malloc(sizeof(float) * BLOCK * POINTS);
  s->spectra = fftwf_malloc(sizeof(fftwf_complex) * BLOCK * ROW);
  s->plan = fftwf_plan_many_dft_r2c(1, &points, BLOCK, s->frames, NULL, 1, POINTS, s->spectra, NULL, 1, ROW,
                                    FFTW_PATIENT);
  memset(s->frames, 0, sizeof(float) * BLOCK * POINTS); /* planning leaves anything in it */
  memcpy(s->window, window, sizeof s->window);
  s->floor = floor;
  for (int m = 0; m < BANDS; m++) {
    const float *row = filters + m * BINS;
    int low = 0, high = BINS;
    while (low < BINS - 1 && row[low] == 0) low++;
    while (high > low && row[high - 1] == 0) high--;
    s->first[m] = low;
    s->count[m] = high - low;
    s->weights[m] = malloc(sizeof(float) * (size_t)(high - low + 1));
    memcpy(s->weights[m], row + low, sizeof(float) * (size_t)(high - low));
  }
  return s;
}

static long reflect(long i, long n) {
  if (n == 1) return 0;
  while (i < 0 || i >= n) i = i < 0 ? -i : 2 * (n - 1) - i;
  return i;
}

static void load(const Lm3 *s, const float *x, long n, long t, float *frame) {
  const long start = t * HOP - FRAME / 2;
  if (start >= 0 && start + FRAME <= n) {
    const float *from = x + start;
    for (int i = 0; i < FRAME; i++) frame[i] = from[i] * s->window[i];
  } else {
    for (int i = 0; i < FRAME; i++) frame[i] = x[reflect(start + i, n)] * s->window[i];
  }
}

static void power(const fftwf_complex *spectrum, float *out) {
  const float *c = (const float *)spectrum;
  for (int k = 0; k < BINS; k++) out[k] = c[2 * k] * c[2 * k] + c[2 * k + 1] * c[2 * k + 1];
}

static void bands(const Lm3 *s, const float *powers, float *out) {
  for (int m = 0; m < BANDS; m++) {
    const float *w = s->weights[m], *p = powers + s->first[m];
    float sum = 0;
    for (int i = 0; i < s->count[m]; i++) sum += w[i] * p[i];
    out[m] = sum;
  }
}

static void transform(Lm3 *s, const float *x, long n, long t0, long count) {
  for (long b = 0; b < count; b++) load(s, x, n, t0 + b, s->frames + b * POINTS + (POINTS - FRAME) / 2);
  fftwf_execute(s->plan);
}

static void log_mel(Lm3 *s, const float *x, long n, long frames, float *out) {
  float powers[ROW];
  for (long t0 = 0; t0 < frames; t0 += BLOCK) {
    const long count = frames - t0 < BLOCK ? frames - t0 : BLOCK;
    float *rows = out + t0 * BANDS;
    transform(s, x, n, t0, count);
    for (long b = 0; b < count; b++) {
      power(s->spectra + b * ROW, powers);
      bands(s, powers, rows + b * BANDS);
    }
    for (long i = 0; i < count * BANDS; i++) rows[i] = logf(fmaxf(rows[i], s->floor));
  }
}

static long edge(long t, long frames) { return t < 0 ? 0 : t >= frames ? frames - 1 : t; }

static void delta(const float *rows, long frames, float *out) {
  for (long t = 0; t < frames; t++) {
    const float *a = rows + edge(t + 1, frames) * BANDS, *b = rows + edge(t - 1, frames) * BANDS;
    const float *c = rows + edge(t + 2, frames) * BANDS, *d = rows + edge(t - 2, frames) * BANDS;
    for (int m = 0; m < BANDS; m++) out[t * BANDS + m] = 0.1f * (a[m] - b[m]) + 0.2f * (c[m] - d[m]);
  }
}

/* All of a ragged batch. out: for each signal 3 x frames x BANDS (static, delta, delta-delta), end to end. */
void lm3_batch(Lm3 *s, const float *const *signals, const long *lengths, long n, float *out) {
  for (long i = 0; i < n; i++) {
    const long frames = 1 + lengths[i] / HOP, size = frames * BANDS;
    log_mel(s, signals[i], lengths[i], frames, out);
    delta(out, frames, out + size);
    delta(out + size, frames, out + 2 * size);
    out += 3 * size;
  }
}

/* Power spectra alone. out: frames x BINS of each signal, end to end. */
void lm3_power_batch(Lm3 *s, const float *const *signals, const long *lengths, long n, float *out) {
  for (long i = 0; i < n; i++) {
    const long frames = 1 + lengths[i] / HOP;
    for (long t0 = 0; t0 < frames; t0 += BLOCK) {
      const long count = frames - t0 < BLOCK ? frames - t0 : BLOCK;
      transform(s, signals[i], lengths[i], t0, count);
      for (long b = 0; b < count; b++) power(s->spectra + b * ROW, out + (t0 + b) * BINS);
    }
    out += frames * BINS;
  }
}
