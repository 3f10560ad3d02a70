"""The scenarios that are shipped: disputes and rules that must come out to the cent."""
