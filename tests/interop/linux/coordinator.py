"""What guests ask of the host and of each other while a suite runs, so that order and not time decides.

A question is a line `ME WORDS`, the answer is one line; guest/peer.c asks. The guests of a suite are "a" and "b", or
"a" alone. What they meet for belongs to the test that both have begun.

    begin TEST, end TEST   both are at TEST (answer "go"); ME has done with it, well or not
    meet NAME              both have come to NAME: "go"
    say NAME               ME tells that NAME has happened: "ok"
    heard NAME             "yes" or "no"
    await NAME             waits until it has: "ok"
    swap NAME OTHER        say NAME and await OTHER in one
    host WORDS             something for the host to do; its answer

The answer is "gone" when the other guest has ended the test, or itself, before what is waited for.
"""
import socketserver
import threading


class Coordinator:
    """Answers on `listener`, at `port`, between `with` and its end. `host`: function of the words after "host", whose
    text is the answer; an exception is a failure of the guest's test."""

    def __init__(self, guests, host, listener):
        self.guests, self.host, self.listener = guests, host, listener
        self.port = listener.getsockname()[1]
        self.changed = threading.Condition()
        self.test = dict.fromkeys(guests, "")  # which each is at; None: the guest has ended
        self.said, self.met = set(), {}  # (test, name); (test, name): who has come
        self.problems = []

    def __enter__(self):
        coordinator = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                for line in self.rfile:
                    me, verb, *words = line.decode().split()
                    self.wfile.write((coordinator.answer(me, verb, words) + "\n").encode())

        self.server = socketserver.ThreadingTCPServer(None, Handler, bind_and_activate=False)
        self.server.socket.close()
        self.server.socket = self.listener
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def ended(self, guest):
        """The guest's machine is off."""
        with self.changed:
            self.test[guest] = None
            self.changed.notify_all()

    def answer(self, me, verb, words):
        if verb == "host":  # what the host does may take long, and others ask meanwhile
            try:
                return self.host(*words)
            except Exception as problem:
                self.problems.append(f"{' '.join(words)}: {problem}")
                return "failed"
        with self.changed:
            return getattr(self, "_" + verb)(me, *words)

    def _others(self, me):
        return [guest for guest in self.guests if guest != me]

    def _wait(self, me, condition):
        """True when the condition came true; False when the other has ended what both were at."""
        test = self.test[me]
        while not condition():
            if any(self.test[guest] != test for guest in self._others(me)):
                return False
            self.changed.wait()
        return True

    def _begin(self, me, test):
        self.test[me] = test
        self.changed.notify_all()
        while any(self.test[guest] not in (test, None) for guest in self._others(me)):
            self.changed.wait()
        return "gone" if any(self.test[guest] is None for guest in self._others(me)) else "go"

    def _end(self, me, _test):
        self.test[me] = ""
        self.changed.notify_all()
        return "ok"

    def _meet(self, me, name):
        arrived = self.met.setdefault((self.test[me], name), set())
        arrived.add(me)
        self.changed.notify_all()
        return "go" if self._wait(me, lambda: len(arrived) == len(self.guests)) else "gone"

    def _say(self, me, name):
        self.said.add((self.test[me], name))
        self.changed.notify_all()
        return "ok"

    def _heard(self, me, name):
        return "yes" if (self.test[me], name) in self.said else "no"

    def _await(self, me, name):
        wanted = (self.test[me], name)
        return "ok" if self._wait(me, lambda: wanted in self.said) else "gone"

    def _swap(self, me, name, other):
        self._say(me, name)
        return self._await(me, other)
