"""Prints the OpenAPI document, for clients that are generated: `python -m server.openapi`."""

import json
import sys

from server.main import create_app


def main() -> None:
    json.dump(create_app().openapi(), sys.stdout, indent=2)


if __name__ == "__main__":
    main()
