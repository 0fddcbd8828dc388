"""The only room that imports av and cv2. It runs in a child process with limits (see `media.sandbox`)."""
