"""Decoding: the only room that imports av and cv2. It runs in a process of its own that is locked down (`sandbox`)."""
