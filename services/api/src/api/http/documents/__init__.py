"""Request bodies and response documents, by resource: for the OpenAPI document, and to validate both."""
