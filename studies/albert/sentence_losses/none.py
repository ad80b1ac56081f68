"""No sentence loss, as XLNet and RoBERTa: two segments in order."""

from studies.albert.sentence_loss import SentenceLoss

sentence_loss = SentenceLoss(trained=False)
