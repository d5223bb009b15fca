"""Pretrained encoders of speech: from a waveform to hidden states, one utterance at a time.

No padding ever enters an encoder except what it was trained with: group norms and positional convolutions over padded
batches would make an utterance depend on its batch mates (``docs/ssl.md``).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from serkit.errors import UserError
from serkit.nn.encoders import Encoder, Precision, import_transformers
from serkit.nn.heard import heard

KINDS: Mapping[str, str] = {
    "wav2vec2": "wav2vec 2.0",
    "hubert": "HuBERT",
    "wavlm": "WavLM",
    "data2vec-audio": "data2vec",
    "unispeech-sat": "UniSpeech-SAT",
    "whisper": "Whisper",
}
"""``model_type`` of the encoders that can be opened, and what they are called."""

PREPROCESSOR = "preprocessor_config.json"
_VARIANCE_FLOOR = 1e-7  # the encoders' own, so that silence is not divided by zero


class SpeechEncoder(Encoder):
    """A speech encoder in a folder with config.json, preprocessor_config.json and model.safetensors.

    ``sample_rate`` (Hz) and the scaling of waveforms are the encoder's. ``n_frames`` says how many frames it makes,
    ``hop`` how many samples there are from one to the next. Number 0 of the hidden states enters the first layer, the
    last is the encoder's output, after its last norm.
    """

    def __init__(self, folder: str | Path, *, precision: Precision = "fp32", device: str = "cpu") -> None:
        """Raises UserError, a sentence, for what ``Encoder`` refuses, a model that is no speech encoder and a folder
        without preprocessor settings."""
        if not str(folder).strip():
            raise UserError(
                "No folder of a speech encoder is named; give one of wav2vec 2.0, HuBERT, WavLM or Whisper with "
                f"config.json, {PREPROCESSOR} and model.safetensors: --set architecture.folder=DIR for the plugin ssl, "
                "else the option folder of the feature. SerKit never downloads weights."
            )
        super().__init__(folder, precision=precision, device=device)
        self.kind = str(self.config.model_type)
        if self.kind not in KINDS:
            raise UserError(
                f"The encoder in {self.folder} is of the kind {self.kind!r}, which is no speech encoder that SerKit "
                f"knows; it takes {', '.join(KINDS)}."
            )
        self.settings = _preprocessor(self.folder)
        self.sample_rate: int = self.settings["sampling_rate"]
        self._mel: Tensor | None = None
        if self.kind == "whisper":
            mels = self.settings.get("feature_size", self.config.num_mel_bins)
            if mels != self.config.num_mel_bins:
                raise UserError(
                    f"{PREPROCESSOR} in {self.folder} makes {mels} Mel bands, and config.json wants "
                    f"{self.config.num_mel_bins}; copy the encoder's files again, all of one model."
                )
            self._mel_hop = int(self.settings.get("hop_length", 160))
            self._n_fft = int(self.settings.get("n_fft", 400))
            self.hop = 2 * self._mel_hop
            self.window = self.hop * int(self.config.max_source_positions)
        else:
            self._convs = list(zip(self.config.conv_kernel, self.config.conv_stride, strict=True))
            self.hop, self.window = 1, 0
            least = 1
            for size, stride in reversed(self._convs):
                least = (least - 1) * stride + size
                self.hop *= stride
            self.least = least

    @property
    def trained_on(self) -> tuple[str, ...]:
        """Corpora of emotion that the encoder is known to have been trained on, by its name in config.json or that of
        its folder."""
        said = json.loads((self.folder / "config.json").read_text(encoding="utf-8"))
        return heard(str(said.get("_name_or_path", "")), self.folder.resolve().name)

    def n_frames(self, n_samples: int) -> int:
        """Frames of an utterance of ``n_samples`` samples, at least 1."""
        if self.kind == "whisper":
            return max(1, -(-n_samples // self.hop))
        frames = max(n_samples, self.least)
        for size, stride in self._convs:
            frames = (frames - size) // stride + 1
        return frames

    def load(self) -> nn.Module:
        """A new network with nothing in it that only pre-training needs, and no random masks or skipped layers of its
        own, which would draw from generators that are not the host's."""
        module: Any = super().load()
        if self.kind == "whisper":
            module.layerdrop = 0.0
            module.embed_positions.requires_grad_(False)  # sinusoids, which its authors never trained
        else:
            module.config.apply_spec_augment = False
            module.config.layerdrop = 0.0
            module.adapter = None  # above the hidden states, and of another frame rate
            if hasattr(module, "masked_spec_embed"):
                del module.masked_spec_embed
        made: nn.Module = module
        return made

    def utterance(self, waveform: Tensor, layer: int | None = -1) -> Tensor:
        """Hidden states, float32 on the CPU, of ``waveform`` float32 [T] at ``sample_rate``: ``[frames, dim]`` of one
        layer, or with None ``[frames, n_layers + 1, dim]`` of all. No gradient."""
        with torch.inference_mode():
            return self.run(self.module, waveform.to(self.device), layer).float().cpu()

    def run(self, module: nn.Module, waveform: Tensor, layer: int | None = -1) -> Tensor:
        """The same by ``module``, one that ``load`` made, on the device of ``waveform`` and in the module's dtype, with
        gradients for the module."""
        x = self.scaled(waveform)
        if self.kind != "whisper":
            return self._pick(module, pad(x, (0, max(0, self.least - len(x)))), layer)
        parts = [
            self._pick(module, self.log_mel(pad(part, (0, self.window - len(part)))), layer)[: self.n_frames(len(part))]
            for part in torch.split(x, self.window)
        ]
        return torch.cat(parts)

    def scaled(self, waveform: Tensor) -> Tensor:
        """``waveform`` at mean 0 and variance 1 if the encoder wants it so, else as it is."""
        # absent means yes for all but Whisper, as in the classes that the files are written for
        if not self.settings.get("do_normalize", self.kind != "whisper"):
            return waveform
        return (waveform - waveform.mean()) / (waveform.var(correction=0) + _VARIANCE_FLOOR).sqrt()

    def log_mel(self, window: Tensor) -> Tensor:
        """Whisper's log-Mel picture ``[bands, frames]`` of a whole window of samples (Radford et al. 2022)."""
        if self._mel is None:
            extractor = import_transformers().WhisperFeatureExtractor(
                feature_size=self.config.num_mel_bins,
                sampling_rate=self.sample_rate,
                hop_length=self._mel_hop,
                n_fft=self._n_fft,
            )
            self._mel = torch.from_numpy(extractor.mel_filters).float().T.contiguous()
        hann = torch.hann_window(self._n_fft, device=window.device)
        spectrum = torch.stft(window.float(), self._n_fft, self._mel_hop, window=hann, return_complex=True)[:, :-1]
        # under autocast the product would lose the quiet bands
        with torch.autocast(window.device.type, enabled=False):
            bands = (self._mel.to(window.device) @ spectrum.abs().square()).clamp(min=1e-10).log10()
        return (torch.maximum(bands, bands.max() - 8.0) + 4.0) / 4.0

    def _pick(self, module: nn.Module, x: Tensor, layer: int | None) -> Tensor:
        dtype = next(module.parameters()).dtype
        found = module(x[None].to(dtype), output_hidden_states=True)
        # the last of the recorded states may be from before the last norm
        states = [*found.hidden_states[:-1], found.last_hidden_state]
        return torch.stack(states, dim=2)[0] if layer is None else states[self.layer(layer)][0]


def _preprocessor(folder: Path) -> dict[str, Any]:
    """What the folder says of waveforms. Raises UserError where it says nothing, or no sampling rate."""
    for name, key in ((PREPROCESSOR, None), ("processor_config.json", "feature_extractor")):
        path = folder / name
        if not path.is_file():
            continue
        try:
            said = json.loads(path.read_text(encoding="utf-8"))
            settings = said if key is None else said[key]
            rate = settings["sampling_rate"]
            if not isinstance(rate, int) or not 1000 <= rate <= 192_000:
                raise ValueError(f"sampling_rate is {rate!r}")
        except (ValueError, KeyError, TypeError) as error:
            what = str(error) if isinstance(error, ValueError) else "it has no sampling_rate"
            raise UserError(
                f"{path} does not say how the encoder wants its waveforms ({what}); copy the encoder's file again."
            ) from None
        return dict(settings)
    raise UserError(
        f"The encoder folder {folder} has no {PREPROCESSOR}, which says sampling rate and scaling of waveforms; put "
        "the encoder's own there."
    )
