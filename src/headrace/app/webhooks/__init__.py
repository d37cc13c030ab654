"""Webhooks: job events, signed and sent to other systems by jobs of their own."""
