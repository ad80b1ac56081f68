"""Next sentence prediction, as BERT: the second segment is from another document, or it follows."""

from studies.albert.sentence_loss import SentenceLoss

sentence_loss = SentenceLoss(foreign=0.5)
