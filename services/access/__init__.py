"""Who is asking: tokens, and the keys that prove them."""
