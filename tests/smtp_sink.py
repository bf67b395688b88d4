#!/usr/bin/env python3
"""A mail server for scripts: takes every mail and writes it to a folder.

Usage: smtp_sink.py FOLDER [PORT]

Prints the port it listens on (127.0.0.1; a free one when none is given). The mail number N becomes N.eml, as it came,
and N.txt: its recipient and subject on two lines, an empty line, and the text, decoded.
"""

import email
import email.policy
import pathlib
import socketserver
import sys
import threading

FOLDER = pathlib.Path(sys.argv[1])
LOCK = threading.Lock()


def keep(recipients, raw):
    message = email.message_from_bytes(raw, policy=email.policy.default)
    text = message.get_body(("plain",)).get_content()
    with LOCK:
        number = len(list(FOLDER.glob("*.eml"))) + 1
        head = f"{', '.join(recipients)}\n{message['Subject']}\n\n"
        # The .eml file comes last and whole: who waits for it finds both.
        (FOLDER / f"{number}.txt").write_text(head + text, encoding="utf-8")
        (FOLDER / ".part").write_bytes(raw)
        (FOLDER / ".part").rename(FOLDER / f"{number}.eml")


class Session(socketserver.StreamRequestHandler):
    def say(self, words):
        self.wfile.write(words.encode() + b"\r\n")

    def handle(self):
        recipients = []
        self.say("220 sink ESMTP")
        for line in self.rfile:
            word = line.decode("utf-8", "replace").strip()
            verb = word.upper()
            if verb.startswith("EHLO"):
                self.say("250-sink\r\n250-8BITMIME\r\n250 SMTPUTF8")
            elif verb.startswith("RCPT TO:"):
                recipients.append(word[8:].strip().strip("<>"))
                self.say("250 ok")
            elif verb == "DATA":
                self.say("354 go on")
                lines = []
                for data in self.rfile:
                    if data == b".\r\n":
                        break
                    lines.append(data[1:] if data.startswith(b".") else data)
                keep(recipients, b"".join(lines))
                recipients = []
                self.say("250 taken")
            elif verb == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 ok")


class Sink(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


FOLDER.mkdir(parents=True, exist_ok=True)
with Sink(("127.0.0.1", int(sys.argv[2]) if len(sys.argv) > 2 else 0), Session) as sink:
    print(sink.server_address[1], flush=True)
    sink.serve_forever()
