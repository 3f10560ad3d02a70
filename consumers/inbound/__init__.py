"""What other systems tell the ledger: messages of theirs that become commands, and what they are answered."""
