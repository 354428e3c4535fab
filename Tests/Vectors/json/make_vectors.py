#!/usr/bin/env python3
"""Makes paths.json and documents.json: what Python finds by a path, and what it makes of a JSON text.

    venv: jsonpath-rw==1.4.0 jsonpath-rw-ext==1.2.2      (python 3.11)
    venv/bin/python make_vectors.py
"""
import json
import pathlib

from jsonpath_rw_ext import parse

FOLDER = pathlib.Path(__file__).parent

SHELF = {
    "l": [
        {"n": "a", "w": "east", "@t": 0.5, "big": 9007199254740992, "m": []},
        {"n": "b", "w": "Eve", "@t": 1, "big": 9007199254740993},
        {"n": "c", "w": "e1", "@t": 2, "big": 99999999999999999999, "m": [{"x": 7}, {"x": 5}]},
    ],
    "a": {"a": {"a": {"b": 1}}, "b": 2},
    "e": {"E": 1},
}

PATHS = [
    "l[?(@.w = east)].n", "l[?(@.w = Eve)].n", "l[?w = e1].n", "l[?(@.w != east)].n", "l[?@t >= 1].n", "l[?(@t > 1)].n",
    "l[?(@t >= 1 & @.w = Eve)].n", "l[?@.big > 9007199254740992].n", "l[?@.big = 9007199254740993].n",
    "l[?@.big >= 18446744073709551616].n", "l[?@.big < 9007199254740993].n", "l[?(@.m)].n", "l[?(@.m[0].x = 7)].n",
    "l[?@['n'] = 'b'].w", "@.e.E", "e.E", "$..a..a", "$..a..b", "$..b", "a..a.b", "$..x", "l[*].m[*].x", "a.(b|a.b)",
    "l[0,]", "l[?", "l[?@.n = ]", "l[?(@.n = 'a'].n", "a..",
]

DOCUMENTS = [
    "0", "-0", "0.0", "-0.0", "1e5", "1E-7", "123456789012345680000.0", "1e16", "9007199254740993", "9007199254740993.0",
    "18446744073709551616", "-9223372036854775809", "1e22", "1e23", "5e-324", "1.7976931348623157e308", "0.1",
    "0.30000000000000004", "0.1000000000000000055511151231257827", "0.10000000000000001", "1e-400",
    '{"a":1,"b":2,"a":3}', '{"\u00e9":1,"e\u0301":2}', '"\\u00e9\\ud83c\\udfb2\\u007f"', '"\u2028/\\/"', "[[],{},[{}]]",
    " [ 1 ,\t2\n,\r3 ] ", "01", "1.", ".5", "+1", "1e", "--1", "[1,]", '{"a":1,}', "{'a':1}", '"\t"', '"\\x"', "tru", "[1 2]",
    "", "[", '"', "1 1", "\ufeff1",
]


def found(path):
    try:
        values = [match.value for match in parse(path).find(SHELF)]
    except Exception:
        return {"refused": True}
    return {"values": values}


def document(text):
    try:
        return {"dumps": json.dumps(json.loads(text))}
    except ValueError as error:
        return {"refused": str(error)}


def write(name, cases):
    lines = ",\n".join(json.dumps(case) for case in cases)
    (FOLDER / name).write_text("[\n" + lines + "\n]\n")


write("paths.json", [{"path": path, "retval": SHELF, **found(path)} for path in PATHS])
write("documents.json", [{"text": text, **document(text)} for text in DOCUMENTS])
