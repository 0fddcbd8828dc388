"""`make images`: every image built from deploy/Dockerfile and started, without a container engine."""
