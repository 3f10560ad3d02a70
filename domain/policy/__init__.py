"""The rules as data, versioned."""
