"""The tablewatch command line: the same public API and topics that everybody else uses."""
