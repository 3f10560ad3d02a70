"""A period's statements as files: one module a format, one stream of batches for all of them, the same bytes for ever."""
