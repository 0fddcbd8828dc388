"""Whether a file is a video that is accepted, decided by its content. Knows neither HTTP nor the database."""
