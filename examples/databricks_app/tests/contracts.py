"""Answers held against what the application's own OpenAPI document promises."""

import re

from jsonschema import Draft202012Validator


class Promises:
    """The document of the running application, and which of its statuses were seen."""

    def __init__(self, document):
        self._document = document
        self._patterns = {
            path: re.compile(re.sub(r"\\\{\w+\\\}", r"[^?]+", re.escape(path))) for path in document["paths"]
        }
        self.seen = set()

    def keep(self, response):
        """Check one answer; returns its status."""
        path = self._path(response.request.url.path)
        operation = self._document["paths"][path][response.request.method.lower()]
        status = str(response.status_code)
        assert status in operation["responses"], f"{response.request.method} {path} does not promise {status}"
        content = operation["responses"][status].get("content")
        if content is None:
            assert response.content == b""
        elif "application/json" in content:
            schema = {**content["application/json"]["schema"], "components": self._document["components"]}
            Draft202012Validator(schema).validate(response.json())
            assert response.headers["Content-Type"] == "application/json"
        self.seen.add((response.request.method, path, response.status_code))
        return response.status_code

    def all_of(self, tag):
        """Every status that the operations of a tag promise."""
        return {
            (method.upper(), path, int(status))
            for path, operations in self._document["paths"].items()
            for method, operation in operations.items()
            for status in operation["responses"]
            if tag in operation["tags"]
        }

    def _path(self, asked):
        # The longest: `/endpoints/{name}` would take `/endpoints/{name}/schema` as well.
        fitting = [path for path, pattern in self._patterns.items() if pattern.fullmatch(asked)]
        return max(fitting, key=len)
