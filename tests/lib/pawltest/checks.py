"""Tests that count themselves, and waiting for conditions."""
import contextlib
import sys
import threading
import time
import traceback


def wait_for(condition, seconds=30.0, what=None, every=0.05):
    """Calls condition until it gives something true, which is returned. AssertionError after `seconds`,
    with what was seen last: a condition may give a (False, "text") pair to explain itself."""
    end = time.monotonic() + seconds
    while True:
        seen = condition()
        good = seen[0] if isinstance(seen, tuple) else seen
        if good:
            return seen
        if time.monotonic() >= end:
            last = seen[1] if isinstance(seen, tuple) else seen
            raise AssertionError(f"{what or getattr(condition, '__name__', 'condition')} did not come true "
                                 f"within {seconds:g} s; last seen: {last!r}")
        time.sleep(every)


class Checks:
    """Collects the outcome of named checks; thread safe.

        checks = Checks()
        with checks.check("C1 a ConfigMap in the list"):
            assert ...
        sys.exit(checks.finish())
    """

    def __init__(self, only=None):
        self.passed = 0
        self.failed = []
        self.only = only
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def check(self, name):
        try:
            yield
        except Exception:  # pylint: disable=broad-except
            text = traceback.format_exc(limit=6)
            with self._lock:
                self.failed.append(name)
                print(f"FAILED: {name}\n{text}", flush=True)
        else:
            with self._lock:
                self.passed += 1

    def wants(self, name):
        """False if names were given on the command line and none fits."""
        return not self.only or any(word in name for word in self.only)

    def run(self, name, function, *args):
        """As a context, for a function. Skipped if names were given on the command line and none fits."""
        if not self.wants(name):
            return
        with self.check(name):
            function(*args)

    def run_all(self, cases, threads=8):
        """cases: (name, function, *args) tuples, several at once."""
        import concurrent.futures
        with concurrent.futures.ThreadPoolExecutor(threads) as pool:
            for future in [pool.submit(self.run, *case) for case in cases]:
                future.result()

    def finish(self):
        """Prints the closing line; gives the exit status."""
        for name in self.failed:
            print(f"failed: {name}")
        print(f"{self.passed} passed, {len(self.failed)} failed", flush=True)
        return 1 if self.failed else 0


def words():
    """Names on the command line that pick checks."""
    return [word for word in sys.argv[1:] if not word.startswith("-")]
