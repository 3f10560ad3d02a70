"""The ledger over HTTP: a route a command, reads by resource, problems as RFC 9457 has them."""
