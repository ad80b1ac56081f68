"""Sentence order prediction, as ALBERT: both segments follow one another, or are swapped."""

from studies.albert.sentence_loss import SentenceLoss

sentence_loss = SentenceLoss(swapped=0.5)
