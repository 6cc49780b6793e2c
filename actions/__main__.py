"""`python -m actions`: serves the actions over rasa-sdk's protocol.

Knows the command line; the server is in server.py.
"""

import argparse
import logging
import os
from pathlib import Path

# onnxruntime reports to its maker unless this is set when it is first imported.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

from actions.models import VARIABLE, ModelShelf
from actions.server import serve


def main() -> None:
    """Reads the command line and serves until stopped."""
    parser = argparse.ArgumentParser(prog="python -m actions", description="The action server.")
    parser.add_argument("--port", type=int, default=5055, help="port to listen on (default 5055)")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default 127.0.0.1)")
    parser.add_argument(
        "--bundle",
        type=Path,
        default=os.environ.get(VARIABLE),
        help=f"a model bundle, or the folder of bundles whose champion is to be used (default: {VARIABLE})",
    )
    parser.add_argument(
        "--log", choices=("warning", "info", "debug"), default="info", help="how much to log (default info)"
    )
    arguments = parser.parse_args()
    logging.basicConfig(level=arguments.log.upper(), format="%(asctime)s %(levelname)s %(name)s %(message)s")
    shelf = ModelShelf(Path(arguments.bundle) if arguments.bundle else None)
    serve(shelf, host=arguments.host, port=arguments.port)


if __name__ == "__main__":
    main()
