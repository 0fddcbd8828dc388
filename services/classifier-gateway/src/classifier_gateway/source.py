"""Who writes the records of this service."""

SOURCE = "tablewatch/classifier-gateway"
