"""The architectures that SerKit ships."""

from __future__ import annotations

from serkit.host import ArchitectureSpec, hookimpl
from serkit_plugins.architectures.acnn.config import PRESETS as ACNN
from serkit_plugins.architectures.acrnn.config import PRESETS as ACRNN
from serkit_plugins.architectures.afcn.config import MULTIHEAD_PRESETS as AFCN_MULTIHEAD
from serkit_plugins.architectures.afcn.config import PRESETS as AFCN
from serkit_plugins.architectures.cnn_lstm.config import PRESETS as CNN_LSTM
from serkit_plugins.architectures.conv_mkl.config import PRESETS as CONV_MKL
from serkit_plugins.architectures.dnn_elm.config import PRESETS as DNN_ELM
from serkit_plugins.architectures.emotion_in_motion.config import PRESETS as EMOTION_IN_MOTION
from serkit_plugins.architectures.fusion.config import FEATURES_PRESETS as FUSION_FEATURES
from serkit_plugins.architectures.fusion.config import PRESETS as FUSION
from serkit_plugins.architectures.he import config as he
from serkit_plugins.architectures.local_attention.config import PRESETS as LOCAL_ATTENTION
from serkit_plugins.architectures.mmfa.config import PRESETS as MMFA
from serkit_plugins.architectures.ssl.config import PRESETS as SSL
from serkit_plugins.architectures.svm.config import PRESETS as SVM

_AFCN = "Zhang, Du, Wang, Zhang, Tu, Attention Based Fully Convolutional Network for Speech Emotion Recognition, 2019"
_HE = (
    "X. He, L. Ren, Y. He, Speech Emotion Recognition using Convolutional Neural Networks and Recurrent Neural "
    "Networks with Attention Model"
)
_BEFORE_NORM = "a bias before a batch normalisation, which takes it out again; the published networks have it"
_MMFA_BIASES = (
    "biases that the softmax of attention or a batch normalisation takes out again; the published network has them"
)


@hookimpl
def serkit_architectures() -> list[ArchitectureSpec]:
    """Data only: nothing here imports torch."""
    return [
        ArchitectureSpec(
            name="acrnn",
            summary="3-D ACRNN: convolutions over log-Mel with deltas, BLSTM, attention pooling",
            target="serkit_plugins.architectures.acrnn.model:Acrnn",
            config="serkit_plugins.architectures.acrnn.config:AcrnnConfig",
            citation="Chen, He, Yang, Zhang, IEEE Signal Processing Letters 25(10), 2018",
            license="Apache-2.0",
            presets=ACRNN,
            default_preset="small",
            paper_preset="paper",
            expected_failed_checks={"check_gradients": _BEFORE_NORM},
        ),
        ArchitectureSpec(
            name="ser-svm",
            summary="Classical baseline: 5,540 functionals of our own descriptors, linear support vector machine",
            target="serkit_plugins.architectures.svm.model:SerSvm",
            config="serkit_plugins.architectures.svm.config:SvmConfig",
            citation="SerKit's own; C. Cortes, V. Vapnik, Machine Learning 20, 1995 (the machine)",
            license="Apache-2.0",
            presets=SVM,
        ),
        ArchitectureSpec(
            name="acnn",
            summary="3-D CNN with additive attention over log-Mel with deltas, no recurrence",
            target="serkit_plugins.architectures.acnn.model:Acnn",
            config="serkit_plugins.architectures.acnn.config:AcnnConfig",
            citation="M. Chen, Attention based 3-D Convolution Neural Network for Speech Emotion Recognition, "
            "University of Rochester, poster",
            license="Apache-2.0",
            presets=ACNN,
            default_preset="small",
            paper_preset="paper",
        ),
        ArchitectureSpec(
            name="cnn-lstm",
            summary="CNN and BLSTM over log-Mel, in series or in parallel, mean pooling: a baseline",
            target="serkit_plugins.architectures.cnn_lstm.model:CnnLstm",
            config="serkit_plugins.architectures.cnn_lstm.config:CnnLstmConfig",
            citation="after Zhao, Jin, Hu 2017, as M. Chen's poster cites it; layers of Chen et al. 2018",
            license="Apache-2.0",
            presets=CNN_LSTM,
            default_preset="small",
            paper_preset="paper",
            expected_failed_checks={"check_gradients": _BEFORE_NORM},
        ),
        ArchitectureSpec(
            name="local-attention",
            summary="Dense layers and a BLSTM over 32 descriptors, attention over frames; four ways of pooling",
            target="serkit_plugins.architectures.local_attention.model:LocalAttention",
            config="serkit_plugins.architectures.local_attention.config:LocalAttentionConfig",
            citation="S. Mirsamadi, E. Barsoum, C. Zhang, ICASSP 2017",
            license="Apache-2.0",
            presets=LOCAL_ATTENTION,
            default_preset="small",
            paper_preset="paper",
        ),
        ArchitectureSpec(
            name="dnn-elm",
            summary="DNN-ELM: a network on loud segments, statistics of its posteriors, extreme learning machine",
            target="serkit_plugins.architectures.dnn_elm.model:DnnElm",
            config="serkit_plugins.architectures.dnn_elm.config:DnnElmConfig",
            citation="Han, Yu, Tashev, Interspeech 2014; sizes of Chen, He, Yang, Zhang, IEEE SPL 25(10), 2018",
            license="Apache-2.0",
            presets=DNN_ELM,
            default_preset="paper",
            paper_preset="paper",
        ),
        ArchitectureSpec(
            name="afcn",
            summary="AFCN: AlexNet's convolutions over a whole spectrogram, attention over time and frequency",
            target="serkit_plugins.architectures.afcn.model:Afcn",
            config="serkit_plugins.architectures.afcn.config:AfcnConfig",
            citation=_AFCN,
            license="Apache-2.0",
            presets=AFCN,
            default_preset="paper",
            paper_preset="paper",
        ),
        ArchitectureSpec(
            name="afcn-multihead",
            summary="AFCN with several attention heads and a penalty that drives them apart",
            target="serkit_plugins.architectures.afcn.model:AfcnMultihead",
            config="serkit_plugins.architectures.afcn.config:AfcnMultiheadConfig",
            citation=f"after {_AFCN}",
            license="Apache-2.0",
            presets=AFCN_MULTIHEAD,
            default_preset="heads4",
        ),
        ArchitectureSpec(
            name="he-svm",
            summary="Functionals of 275 descriptors, SVM with an RBF kernel (He, experiment one)",
            target="serkit_plugins.architectures.he.svm:HeSvm",
            config="serkit_plugins.architectures.he.config:HeSvmConfig",
            citation=_HE,
            license="Apache-2.0",
            presets=he.SVM_PRESETS,
            default_preset="practical",
            paper_preset="literal",
        ),
        ArchitectureSpec(
            name="he-blstm",
            summary="275 descriptors a frame, dense layer, BLSTM, mean over frames (He, experiment two)",
            target="serkit_plugins.architectures.he.model:HeBlstm",
            config="serkit_plugins.architectures.he.config:HeBlstmConfig",
            citation=_HE,
            license="Apache-2.0",
            presets=he.BLSTM_PRESETS,
            default_preset="practical",
            paper_preset="literal",
        ),
        ArchitectureSpec(
            name="he-sae-blstm",
            summary="Kernels of sparse auto-encoders, statistics of blocks, BLSTM, mean (He, experiment three)",
            target="serkit_plugins.architectures.he.model:HeSaeBlstm",
            config="serkit_plugins.architectures.he.config:HeSaeConfig",
            citation=_HE,
            license="Apache-2.0",
            presets=he.SAE_PRESETS,
            default_preset="practical",
            paper_preset="literal",
        ),
        ArchitectureSpec(
            name="he-sae-attention",
            summary="Kernels of sparse auto-encoders, two BLSTM layers, attention over blocks (He, experiment four)",
            target="serkit_plugins.architectures.he.model:HeSaeBlstm",
            config="serkit_plugins.architectures.he.config:HeSaeAttentionConfig",
            citation=_HE,
            license="Apache-2.0",
            presets=he.ATTENTION_PRESETS,
            default_preset="practical",
            paper_preset="literal",
        ),
        ArchitectureSpec(
            name="emotion-in-motion",
            summary="A small 1-D CNN with attention over one loudness-like value a frame; preset literal is its code, "
            "whose logits depend on the batch",
            target="serkit_plugins.architectures.emotion_in_motion.model:EmotionInMotion",
            config="serkit_plugins.architectures.emotion_in_motion.config:EmotionInMotionConfig",
            citation="Gans, Theodores, Rusu, Emotion in Motion: A Deep Learning Model for SER, report and code, 2020",
            license="Apache-2.0",
            presets=EMOTION_IN_MOTION,
            expected_failed_checks=dict.fromkeys(
                ("check_batch_order[literal]", "check_batch_mates[literal]"),
                "the authors' code has one attention softmax over all samples of a batch, and a vector for each place "
                "in it (docs/emotion-in-motion.md)",
            ),
        ),
        ArchitectureSpec(
            name="mmfa",
            summary="MMFA: GRUs over MFCC and words, self-attention, multi-head fusion of the two",
            target="serkit_plugins.architectures.mmfa.model:Mmfa",
            config="serkit_plugins.architectures.mmfa.config:MmfaConfig",
            citation="Ho, Yang, Kim, Lee, IEEE Access 8, 2020",
            license="Apache-2.0",
            presets=MMFA,
            default_preset="paper",
            paper_preset="paper",
            expected_failed_checks={"check_gradients": _MMFA_BIASES},
        ),
        ArchitectureSpec(
            name="conv-mkl",
            summary="Convolutional text features and audio functionals in EasyMKL, a multiple-kernel classifier",
            target="serkit_plugins.architectures.conv_mkl.model:ConvMkl",
            config="serkit_plugins.architectures.conv_mkl.config:ConvMklConfig",
            citation="after Poria, Chaturvedi, Cambria, Hussain, ICDM 2016; Aiolli, Donini, Neurocomputing 169, 2015",
            license="Apache-2.0",
            presets=CONV_MKL,
            expected_failed_checks={
                "check_weights": "EasyMKL balances its classes itself and has no weights of samples; they count in the "
                "loss of the text network"
            },
        ),
        ArchitectureSpec(
            name="mmfa-audio",
            summary="The audio half of MMFA: GRU over MFCC, self-attention, multi-head attention",
            target="serkit_plugins.architectures.mmfa.model:MmfaAudio",
            config="serkit_plugins.architectures.mmfa.config:MmfaAudioConfig",
            citation="Ho, Yang, Kim, Lee, IEEE Access 8, 2020",
            license="Apache-2.0",
            presets=MMFA,
            default_preset="paper",
            paper_preset="paper",
            expected_failed_checks={"check_gradients": _MMFA_BIASES},
        ),
        ArchitectureSpec(
            name="mmfa-text",
            summary="The text half of MMFA: GRU over words, self-attention, multi-head attention",
            target="serkit_plugins.architectures.mmfa.model:MmfaText",
            config="serkit_plugins.architectures.mmfa.config:MmfaTextConfig",
            citation="Ho, Yang, Kim, Lee, IEEE Access 8, 2020",
            license="Apache-2.0",
            presets=MMFA,
            default_preset="paper",
            paper_preset="paper",
            expected_failed_checks={"check_gradients": _MMFA_BIASES},
        ),
        ArchitectureSpec(
            name="ssl",
            summary="Pretrained speech encoder from a folder you name, frozen or fine-tuned, attention pooling",
            target="serkit_plugins.architectures.ssl.model:Ssl",
            config="serkit_plugins.architectures.ssl.config:SslConfig",
            citation="SerKit's own; S.-w. Yang et al., Interspeech 2021 (SUPERB, the mix of layers); the encoders' in "
            "`serkit show speech-encoder`",
            license="Apache-2.0; the weights have licences of their own",
            presets=SSL,
            default_preset="frozen",
            expected_failed_checks={
                "check_gradients[finetune]": "biases of the attention's keys, which softmax takes out again; they are "
                "pretrained"
            },
        ),
        ArchitectureSpec(
            name="fusion",
            summary="Late fusion of finished runs: mean of their posteriors, or stacked on development speakers",
            target="serkit_plugins.architectures.fusion.late:Fusion",
            config="serkit_plugins.architectures.fusion.config:FusionConfig",
            citation="D. Wolpert, Neural Networks 5, 1992 (stacking); J. Kittler, M. Hatef, R. Duin, J. Matas, IEEE "
            "TPAMI 20(3), 1998 (means)",
            license="Apache-2.0",
            presets=FUSION,
            default_preset="mean",
        ),
        ArchitectureSpec(
            name="fusion-features",
            summary="Functionals of an utterance joined to the attention vector of a CNN before the classifier",
            target="serkit_plugins.architectures.fusion.features:FusionFeatures",
            config="serkit_plugins.architectures.fusion.config:FusionFeaturesConfig",
            citation="SerKit's own; the CNN with attention after M. Chen's poster",
            license="Apache-2.0",
            presets=FUSION_FEATURES,
        ),
    ]
