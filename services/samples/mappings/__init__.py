"""The mappings that are shipped, as files, with an event log to try one on; copy one to write your own."""
