"""A camera that is not there: RTSP over TCP from a clip or from pictures made on the spot, for demo and tests."""
