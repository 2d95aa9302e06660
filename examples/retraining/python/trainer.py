"""A trainer that aftercare asks over HTTP: it takes a signed order, trains, sends the new version's reference and then the outcome. Nothing but Python's standard library.

TRAINING_KEY      the value of the secret that the model's setting retraining.training.secret names
TRAINING_COMMAND  what trains: gets the order as JSON on its standard input, writes the reference as CSV to its standard output
"""
import base64
import hashlib
import hmac
import json
import os
import subprocess
import threading
import time
import urllib.error
import urllib.request
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KEY = os.environ["TRAINING_KEY"].encode()
COMMAND = os.environ["TRAINING_COMMAND"]
MOST_BYTES = 64 * 1024
TOLERANCE_SECONDS = 300
begun = set()  # orders that came: a repeat of one has its id


def signature(message_id, timestamp, body):
    return "v1=" + hmac.new(KEY, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256).hexdigest()


def is_signed(headers, body):
    message_id, timestamp = headers.get("aftercare-id", ""), headers.get("aftercare-timestamp", "")
    if not timestamp.isdigit() or abs(time.time() - int(timestamp)) > TOLERANCE_SECONDS:
        return False
    return hmac.compare_digest(signature(message_id, timestamp, body), headers.get("aftercare-signature", ""))


def post(address, body, content_type, signed, more):
    """Until it is taken: the same twice is harmless. An answer of 4xx stays what it is."""
    for pause in (1, 5, 30, 120, 600, 0):
        message_id, timestamp = str(uuid.uuid4()), str(int(time.time()))
        headers = {"content-type": content_type, "aftercare-id": message_id, "aftercare-timestamp": timestamp, "aftercare-signature": signature(message_id, timestamp, signed), **more}
        try:
            with urllib.request.urlopen(urllib.request.Request(address, body, headers), timeout=600) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code < 500 and error.code != 429:
                raise RuntimeError(f"{error.code}: {error.read().decode()}")
        except OSError:
            pass
        time.sleep(pause)
    raise RuntimeError("aftercare did not take it")


def train(order):
    done = subprocess.run(COMMAND, shell=True, input=json.dumps(order).encode(), capture_output=True)
    if done.returncode != 0:
        return {"state": "failed", "reason": done.stderr.decode(errors="replace").strip()[-500:] or f"the training ended with {done.returncode}"}
    digest = "sha-256=:" + base64.b64encode(hashlib.sha256(done.stdout).digest()).decode() + ":"
    try:
        added = post(order["callback"] + "/reference?format=csv", done.stdout, "text/csv", digest.encode(), {"content-digest": digest})
    except RuntimeError as error:
        return {"state": "failed", "reason": f"the reference was refused: {error}"[:500]}
    return {"state": "completed", "version": added["version"]}


def carry_out(order):
    outcome = json.dumps(train(order)).encode()
    post(order["callback"], outcome, "application/json", outcome, {})


class Trainer(BaseHTTPRequestHandler):
    def do_POST(self):
        length = int(self.headers.get("content-length", "0"))
        if length > MOST_BYTES:
            return self.answer(413)
        body = self.rfile.read(length)
        if not is_signed(self.headers, body):
            return self.answer(401)
        message_id = self.headers["aftercare-id"]
        if message_id not in begun:
            begun.add(message_id)
            threading.Thread(target=carry_out, args=(json.loads(body),)).start()
        self.answer(202)

    def answer(self, status):
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "8765"))), Trainer)
    print(f"listening on {server.server_port}", flush=True)
    server.serve_forever()
