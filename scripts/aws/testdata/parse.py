"""Lets the real aws take command lines, one JSON object with args and answer a line, and sends none of them. It tells what it
refuses, and what of an answer AWS does not describe. Usage: parse.py FILE, with a value for a secret on standard input."""
import json
import os
import sys

from awscli.clidriver import create_clidriver


class Taken(BaseException):
    """No Exception, so that nothing on the way takes it for a fault."""


asked = {}


def taken(params, model, **_):
    asked["operation"] = model
    asked["body"] = params
    raise Taken


def invented(shape, answer, path):
    """Lists what of an answer is not in the description of it."""
    if answer is None or shape is None:
        return
    if shape.type_name == "structure":
        for name, value in answer.items():
            if name not in shape.members:
                yield f"{path}.{name}"
            else:
                yield from invented(shape.members[name], value, f"{path}.{name}")
    elif shape.type_name == "list":
        for value in answer:
            yield from invented(shape.member, value, path + "[]")
    elif getattr(shape, "enum", None) and answer not in shape.enum:
        yield f"{path} = {answer}"


with open(sys.argv[1]) as calls:
    for line in calls:
        call = json.loads(line)
        told = " ".join(call["args"])
        asked.clear()
        sys.stdin.seek(0)
        driver = create_clidriver()
        driver.session.register("before-call", taken)
        output, sys.stdout = sys.stdout, open(os.devnull, "w")
        try:
            code = driver.main(call["args"])
        except Taken:
            code = None
        except SystemExit as end:
            code = end.code
        finally:
            sys.stdout = output
        if call["args"][0] in ("configure", "--version"):
            if code not in (0, 1):
                print(f"{told}: ended with {code}")
            continue
        if code is not None:
            print(f"{told}: ended with {code} before it was sent")
            continue
        operation = asked["operation"]
        for name in invented(operation.output_shape, call.get("answer"), operation.name):
            print(f"{told}: AWS answers nothing of the name or value {name}")
        if operation.name == "PutSecretValue" and json.loads(asked["body"]["body"])["SecretString"] != "PRIVATE+KEY+from+stdin":
            print(f"{told}: the secret is not what standard input holds")
