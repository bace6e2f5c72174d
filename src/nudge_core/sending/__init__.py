"""What the steps that send and receive share: moving a text, evidence, silence, the facts of a decision."""
