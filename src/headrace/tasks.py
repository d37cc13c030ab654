"""What the decorators return: Task, Call and their options."""
