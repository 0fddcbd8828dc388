"""The demo restaurant: a room, its guests, what happens there, and how well a stack recognised it."""
