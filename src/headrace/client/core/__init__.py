"""What both clients share: what is sent, what answers mean, when to try again. No input, no output, no clock."""
