"""The policies that are shipped, as files; copy one to write your own."""
