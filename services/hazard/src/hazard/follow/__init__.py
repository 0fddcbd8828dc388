"""Follow: one alert of what several frames and cameras see, written as hazard.alert."""
