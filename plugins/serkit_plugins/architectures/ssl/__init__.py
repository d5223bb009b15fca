"""Pretrained speech encoders, frozen or fine-tuned, under attention pooling."""
