"""The four experiments of He, Ren and He: descriptors and an SVM or a BLSTM, sparse auto-encoders and attention."""
