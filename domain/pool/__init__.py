"""Who holds a customer, and until when."""
