"""Generated situations and the questions that are asked about them."""
