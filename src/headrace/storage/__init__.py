"""What a backend must do: Protocols, and the values they take and give. No implementation."""
