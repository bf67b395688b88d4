#!/usr/bin/env bash
# A foreign binding generator over our schema: xsdata makes Python classes of schema/extension.xsd (which includes
# cid-2.0.xsd) and of schema/error.xsd, reads every answer that tests/demo.sh has kept, and writes it back unchanged.
#
# `bash tests/xsdata.sh`, after tests/demo.sh. Works in target/ only.
set -euo pipefail
exec </dev/null
ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
TARGET="${CARGO_TARGET_DIR:-$ROOT/target}"
ANSWERS="$TARGET/demo-answers"
VENV="$TARGET/xsdata-venv"
# The generator calls its formatter by name.
export PATH="$VENV/bin:$PATH"
MADE="$TARGET/xsdata-classes"
XSDATA="xsdata[cli]==26.10"

fail() { printf 'bindings: %s\n' "$*" >&2; exit 1; }

install_venv() {
  local log="$TARGET/xsdata-install.log"
  if ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
    DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends python3-venv >"$log" 2>&1 \
      || fail "python3 with venv is not installed and cannot be"
  fi
  python3 -m venv "$VENV"
  timeout --kill-after=10 300 "$VENV/bin/pip" install --quiet --disable-pip-version-check "$XSDATA" >"$log" 2>&1 \
    || { tail -n 5 "$log" >&2; fail "$XSDATA cannot be installed"; }
}

generate() {
  rm -rf "$MADE"
  mkdir -p "$MADE"
  cd "$MADE"
  for package in extension error; do
    timeout --kill-after=10 120 "$VENV/bin/xsdata" generate "$ROOT/schema/$package.xsd" --package "made_$package" \
      --structure-style single-package >"$MADE/$package.log" 2>&1 \
      || { tail -n 20 "$MADE/$package.log" >&2; fail "no classes of schema/$package.xsd"; }
  done
}

read_answers() {
  PYTHONPATH="$MADE" timeout --kill-after=10 120 "$VENV/bin/python" - "$ANSWERS" <<'PYTHON'
"""Reads every answer with the generated classes, strictly, and compares what they write with what they read."""
import sys
from importlib import import_module
from pathlib import Path
from xml.etree.ElementTree import canonicalize, fromstring

from xsdata.formats.dataclass.context import XmlContext
from xsdata.formats.dataclass.parsers import XmlParser
from xsdata.formats.dataclass.parsers.config import ParserConfig
from xsdata.formats.dataclass.serializers import XmlSerializer

STRICT = ParserConfig(
    fail_on_unknown_properties=True, fail_on_unknown_attributes=True, fail_on_converter_warnings=True
)


def class_of(root: str):
    package = "made_error" if root == "error" else "made_extension"
    name = "Error" if root == "error" else root
    return getattr(import_module(package), name)


def check(path: Path, context: XmlContext) -> str:
    data = path.read_bytes()
    root = fromstring(data).tag.rpartition("}")[2]
    read = XmlParser(config=STRICT, context=context).from_bytes(data, class_of(root))
    written = XmlSerializer(context=context).render(read)
    forms = [canonicalize(text, rewrite_prefixes=True) for text in (data.decode(), written)]
    if forms[0] != forms[1]:
        raise SystemExit(f"{path.name}: read and written back it differs:\n{forms[0]}\n{forms[1]}")
    return root


context = XmlContext()
roots = [check(path, context) for path in sorted(Path(sys.argv[1]).rglob("*.xml"))]
if len(set(roots)) < 10:
    raise SystemExit(f"only {sorted(set(roots))} among {len(roots)} answers: run tests/demo.sh first")
print(f"{len(roots)} answers with {len(set(roots))} roots read and written back by xsdata's classes")
PYTHON
}

[[ -d "$ANSWERS" ]] || fail "there are no answers: run tests/demo.sh first"
[[ -x "$VENV/bin/xsdata" ]] || install_venv
generate
read_answers
