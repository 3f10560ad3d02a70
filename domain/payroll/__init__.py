"""The months by which commission is paid."""
