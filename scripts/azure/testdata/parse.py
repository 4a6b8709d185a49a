"""Lets the real azure-cli parse command lines, one JSON list a line, and run none of them. It tells what it refuses."""
import json
import os
import sys

from azure.cli.core import get_default_cli
from knack.events import EVENT_INVOKER_POST_PARSE_ARGS


class Parsed(BaseException):
    """No Exception, so that nothing on the way takes it for a fault."""


def stop(*_, **__):
    raise Parsed


for line in sys.stdin:
    cli = get_default_cli()
    cli.register_event(EVENT_INVOKER_POST_PARSE_ARGS, stop)
    try:
        code = cli.invoke(json.loads(line), out_file=open(os.devnull, "w"))
        print(f"{line.strip()}: ended with {code} before it was parsed")
    except Parsed:
        pass
    except SystemExit:
        print(f"{line.strip()}: refused")
