"""The fake of OpenAI's HTTP API."""
