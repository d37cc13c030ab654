"""What clients of earlier releases said to the server, and what it answered: the contract for the servers of today."""
