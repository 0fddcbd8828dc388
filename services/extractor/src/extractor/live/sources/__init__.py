"""Cameras that the service reads itself, over HTTP or from files; what comes is decoded in locked-down processes."""
