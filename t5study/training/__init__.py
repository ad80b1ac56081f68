"""How to train: optimizer, schedule, loss, the Lightning module and the stages that use them."""
