"""What a framework, an OpenAPI document or a handler's own source tells of an app's operations."""
