"""How often the recogniser is right, on labelled rooms that are not shipped: single frames and through the fold."""
