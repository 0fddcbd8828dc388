"""Looking for cameras on the networks of this machine, by ONVIF."""
