"""A small application for the Compose files: replace it by yours. The store is what HEADRACE_STORE names."""

from headrace import Headrace

app = Headrace()


@app.task(name="greet", queue="mail")
async def greet(name: str) -> str:
    """Say hello."""
    return f"Hello, {name}!"
