"""Random data sets: spans as they are sent, cut into requests, in the order they are sent.

    data = generate(seed, now)    # The same for the same seed and UTC day of `now`.
    for phase in data.phases:     # All requests of a phase are acknowledged before the next begins;
        ...                       # within a phase their order is free.

A set has what makes figures go wrong: parents that come late or never, attribution said at
different heights, deliveries repeated and changed, sums over calls, calls seen twice, unknown
prices, running spans, and ends exactly on the edges of windows, of local days and of clock changes.
"""

import dataclasses
import random

from moments import DAY, HOUR, MINUTE, SECOND, anchors, iso, local_midnight

ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"]
# Older running spans are unfinished: the server's ingest.open_timeout in this test.
OPEN_TIMEOUT = 4 * DAY
RETENTION_DAYS = 500

FEATURES = ["checkout", "support chat", "søk", "batch-7", "refunds"]
WORKFLOWS = ["triage", "nightly", "ask_and_answer"]
USERS = ["ann", "bob", "用户-3", "carol@example.org", "N/A"]
AGENTS = ["planner", "worker", "critic"]
TOOLS = ["search", "shell", "sql query", "Zahlen-Prüfer"]
PROMPTS = ["greet", "reply"]
SERVICES = ["api", "worker"]
ENVIRONMENTS = ["prod", "staging"]
LLM_MODELS = [
    ("openai", "ref-large"), ("openai", "ref-small"), ("OpenAI", "ref-small"), ("", "ref-free"),
    ("google", "ref-large"), ("", "claude-ref-1"), ("", "mystery-model"), ("acme", "Modell-Ü"),
]  # fmt: skip
ERRORS = [
    "rate_limit_error", "timeout", "overloaded_error", "context_length_exceeded", "Weird",
    "authentication_error", "internal_error", "503", "JSONDecodeError", "ConnectionError", "",
]  # fmt: skip
TOOL_ERRORS = ["tool_error", "timeout", "ValidationError", "rate_limit_error", "Weird", ""]
FINISH = ["stop", "end_turn", "length", "tool_calls", "content_filter", "refusal", "Odd", "error"]
WORDS = ["refund", "order", "Grüße", "late parcel", "invoice", "zebra", "weather in Łódź", "ok"]


@dataclasses.dataclass
class DataSet:
    seed: int
    project: str
    anchor: int
    windows: list  # (since, until) in nanoseconds, those worth asking for.
    zone: str
    phases: list = dataclasses.field(default_factory=list)  # Of requests, each a list of lines.

    @property
    def lines(self):
        return [line for phase in self.phases for request in phase for line in request]


def generate(seed, now):
    return Generator(seed, now).run()


class Generator:
    def __init__(self, seed, now):
        self.random = random.Random(f"pitot {seed} {now // DAY}")
        self.latest = now // DAY * DAY  # Nothing ends later: what is to come is refused.
        known = anchors(now)
        self.anchor, zone = known[seed % len(known)]
        since, until = self.anchor - DAY, self.anchor + DAY
        cut = self.anchor + self.random.randrange(-12, 12) * HOUR + self.random.randrange(HOUR)
        midnight = local_midnight(self.anchor + 12 * HOUR, zone)
        self.windows = [
            (since, until),
            (since, cut),
            (cut, until),
            (midnight - DAY, midnight),
            (midnight, midnight + DAY),
        ]
        self.data = DataSet(seed, f"ref-{seed}", self.anchor, self.windows, zone)
        self.edges = sorted({t for window in self.windows for t in window})
        self.phases = [[], [], []]
        self.count = 0

    def chance(self, p):
        return self.random.random() < p

    def pick(self, values):
        return self.random.choice(values)

    def run(self):
        size = self.pick([20, 40, 60, 80, 120, 200])
        while self.count < size:
            self.trace()
        if self.data.seed % 8 == 3:
            self.drift()
        for lines in self.phases:
            self.data.phases.append(self.cut(lines))
        return self.data

    def cut(self, lines):
        """Into requests, in any order; a span is in a request at most once."""
        self.random.shuffle(lines)
        requests = []
        while lines:
            size = self.pick([1, 3, 10, 30, 100])
            taken, rest, seen = [], [], set()
            for line in lines:
                fits = len(taken) < size and line["span_id"] not in seen
                (taken if fits else rest).append(line)
                if fits:
                    seen.add(line["span_id"])
            requests.append(taken)
            lines = rest
        return requests

    # Traces.

    def trace(self):
        rng = self.random
        self.trace_id = f"{rng.getrandbits(128) | 1:032x}"
        self.spans = []
        self.context = {
            "session": f"s{rng.randrange(6)}",
            "user": self.pick(USERS),
            "prompt": (self.pick(PROMPTS), str(rng.randrange(1, 4))),
        }
        start = self.anchor + rng.randrange(-30 * HOUR, 30 * HOUR)
        if self.chance(0.3):
            start = self.pick(self.edges) - rng.randrange(5 * MINUTE)
        length = rng.randrange(SECOND, 10 * MINUTE)
        if start + 2 * length > self.latest:
            start -= 20 * HOUR
        shape = self.pick(["agent", "agent", "agent", "chain", "single", "two roots", "rollups"])
        if shape == "single":
            self.call(None, start, length)
        elif shape == "rollups":
            self.rollups(start, length)
        else:
            root = self.add(shape if shape == "chain" else "agent", None, start, length)
            self.attribute(root, 0.7)
            self.steps(root, start, length, depth=0)
            if shape == "two roots":
                other = self.add("chain", None, start + rng.randrange(length), length)
                self.attribute(other, 0.3)
                self.steps(other, start, length, depth=2)
        self.send()

    def steps(self, parent, start, length, depth):
        for _ in range(self.random.randrange(1, 6 if depth == 0 else 4)):
            at = start + self.random.randrange(max(1, length))
            rest = max(1, start + length - at)
            span = self.random.randrange(rest) if self.chance(0.9) else 0
            what = self.pick(
                ["llm", "llm", "llm", "tool", "tool", "inner", "other", "wrapped", "twice"]
            )
            if what == "llm":
                self.call(parent, at, span)
            elif what == "tool":
                self.tool(parent, at, span)
            elif what == "other":
                kind = self.pick(["retriever", "guardrail", "evaluator", "span", "chain"])
                self.attribute(self.add(kind, parent, at, span), 0.2)
            elif what == "wrapped":
                self.wrapped(parent, at, span)
            elif what == "twice":
                self.seen_twice(parent, at, span)
            elif depth < 3:
                inner = self.add(self.pick(["agent", "chain", "span"]), parent, at, span)
                self.attribute(inner, 0.3)
                if self.chance(0.15):
                    self.usage(inner)
                self.steps(inner, at, span, depth + 1)

    def drift(self):
        """Enough calls of a tool under two versions of a prompt to judge the change."""
        wrong_before, wrong_after = self.pick([(0.05, 0.5), (0.1, 0.1), (0.6, 0.1), (0, 0.05)])
        for version, wrong in (("1", wrong_before), ("2", wrong_after)):
            self.trace_id = f"{self.random.getrandbits(128) | 1:032x}"
            self.spans = []
            start = self.anchor + int(version) * HOUR
            root = self.add("agent", None, start, 30 * MINUTE)
            root["attrs"] |= {"prompt.name": "drifting", "prompt.version": version}
            for n in range(self.random.randrange(19, 60)):
                tool = self.add("tool", root, start + n * SECOND, self.random.randrange(MINUTE))
                tool["attrs"]["tool.name"] = "drifting"
                if self.chance(wrong):
                    self.fail(tool, ["ValidationError", "ValidationError", "timeout"])
            self.send()

    def rollups(self, start, length):
        """Sums within sums, mostly without calls below."""
        at = self.add("agent", None, start, length)
        self.attribute(at, 0.5)
        for _ in range(self.random.randrange(1, 5)):
            if self.chance(0.7):
                self.usage(at)
            at = self.add(self.pick(["agent", "chain", "tool"]), self.pick(self.spans), start, length)
        self.usage(at)
        if self.chance(0.3):
            self.call(self.pick(self.spans), start, length)

    # Spans.

    def add(self, kind, parent, start, length):
        span_id = f"{self.random.getrandbits(64) | 1:016x}"
        span = {
            "trace_id": self.trace_id,
            "span_id": span_id,
            "name": f"{kind} {self.pick(WORDS)}" if self.chance(0.8) else "",
            "kind": kind,
            "start": start,
            "end": start + length,
            "attrs": {},
        }
        if self.chance(0.06):  # Exactly on an edge, or just before it.
            end = self.pick(self.edges) - self.random.randrange(2)
            span["start"], span["end"] = end - self.random.randrange(MINUTE), end
        if parent is not None:
            span["parent_id"] = parent["span_id"]
        if self.chance(0.3):
            span["status"] = self.pick(["ok", "ok", "unset"])
        if self.chance(0.1):
            span["attrs"]["customer.tier"] = self.pick(["gold", "silver", ""])
        if self.chance(0.1):
            span["attrs"]["score"] = self.pick([1, 5, 7.5, "7", "high", True])
        if self.chance(0.1):
            span["attrs"]["tags"] = self.pick([["beta"], ["beta", "eu"], ["größe"]])
        if self.chance(0.1):
            span["attrs"]["tag.team"] = self.pick(["red", "blue"])
        self.spans.append(span)
        self.count += 1
        return span

    def attribute(self, span, p):
        attrs, context = span["attrs"], self.context
        values = {
            "service.name": self.pick(SERVICES),
            "deployment.environment.name": self.pick(ENVIRONMENTS),
            "service.version": self.pick(["1.0", "1.1"]),
            self.pick(["feature", "pitot.feature"]): self.pick(FEATURES + [""]),
            self.pick(["workflow", "workflow.name"]): self.pick(WORKFLOWS),
            "user.id": context["user"],
            "session.id": context["session"],
            "agent.name": self.pick(AGENTS),
        }
        for key, value in values.items():
            if self.chance(p * 0.7):
                attrs[key] = value
        if self.chance(p * 0.7):
            attrs["prompt.name"], version = context["prompt"]
            if self.chance(0.8):
                attrs["prompt.version"] = version
        elif self.chance(p * 0.1):
            attrs["prompt.version"] = "9"

    def usage(self, span, model=None):
        rng, attrs = self.random, span["attrs"]
        provider, name = model or self.pick(LLM_MODELS)
        if span["kind"] == "embedding":
            name = "ref-embed"
        if span["kind"] == "reranker":
            name = "ref-rerank"
        if provider:
            attrs["gen_ai.provider.name"] = provider
        if self.chance(0.9):
            attrs["gen_ai.request.model"] = name
        kind = self.pick(["plain"] * 6 + ["cached", "cached", "zero", "total", "media", "none"])
        tokens_in, tokens_out = rng.randrange(1, 40_000), rng.randrange(0, 4000)
        if self.chance(0.2):
            tokens_in, tokens_out = self.pick([100, 200]), self.pick([10, 20])
        if span["kind"] in ("embedding", "reranker"):
            tokens_out = 0
        prefix = "gen_ai.usage."
        if span["kind"] in ("agent", "chain", "llm") and self.chance(0.05):
            prefix = "gen_ai.aggregated_usage."
        if kind in ("plain", "cached", "media"):
            attrs[prefix + "input_tokens"] = tokens_in
            attrs[prefix + "output_tokens"] = tokens_out
        if kind == "zero":
            attrs["gen_ai.usage.input_tokens"] = attrs["gen_ai.usage.output_tokens"] = 0
        if kind == "total":
            attrs["gen_ai.usage.total_tokens"] = tokens_in
        if kind == "cached" and prefix == "gen_ai.usage.":
            self.cache(attrs, tokens_in)
        if kind == "media" and prefix == "gen_ai.usage.":
            attrs["gen_ai.usage.audio.input_tokens"] = tokens_in // 3
            attrs["gen_ai.usage.image.input_tokens"] = tokens_in // 5
            attrs["gen_ai.usage.audio.output_tokens"] = tokens_out // 4
            attrs["anthropic.usage.server_tool_use.web_search_requests"] = rng.randrange(3)
        if kind == "plain" and tokens_out and self.chance(0.3):
            attrs["gen_ai.usage.reasoning.output_tokens"] = rng.randrange(tokens_out)
        if self.chance(0.15):
            cost = self.pick([0, 0.25, 0.001234567, 1e-9, 3, 250.5])
            if kind in ("plain", "cached", "total") or cost > 0:
                attrs[self.pick(["gen_ai.usage.cost", "cost_usd"])] = cost

    def cache(self, attrs, tokens_in):
        read, write = tokens_in // self.pick([2, 3, 1000]), tokens_in // self.pick([4, 5, 50_000])
        attrs["gen_ai.usage.cache_read.input_tokens"] = read
        attrs["gen_ai.usage.cache_write.input_tokens"] = write
        if self.chance(0.4):
            part = self.random.randrange(write + 1)
            split = "anthropic.usage.cache_creation.ephemeral_{}_input_tokens"
            attrs[split.format("1h")] = part
            attrs[split.format("5m")] = write - part
        if self.chance(0.2):  # Beside the cached tokens, as the total proves.
            out = attrs["gen_ai.usage.output_tokens"]
            attrs["gen_ai.usage.total_tokens"] = tokens_in + out + read + write

    def call(self, parent, start, length, usage=0.9):
        kind = self.pick(["llm"] * 8 + ["embedding", "reranker"])
        span = self.add(kind, parent, start, length)
        attrs = span["attrs"]
        self.attribute(span, 0.15)
        if self.chance(usage):
            self.usage(span)
        elif self.chance(0.5):
            attrs["gen_ai.request.model"] = "ref-small"
        if kind == "llm":
            if self.chance(0.8):
                attrs["gen_ai.response.finish_reasons"] = [self.pick(FINISH)]
            if self.chance(0.4):
                attrs["gen_ai.request.stream"] = self.chance(0.8)
                ttft = self.random.randrange(max(1, length))
                if self.chance(0.8):
                    attrs["gen_ai.response.time_to_first_chunk"] = ttft / 1e9
                else:
                    attrs["ttft_ms"] = ttft / 1e6
            if self.chance(0.3):
                attrs["gen_ai.response.id"] = f"resp-{self.random.randrange(30)}"
            if self.chance(0.4):
                self.messages(attrs)
        if self.chance(0.15):
            self.fail(span, ERRORS)
        if self.chance(0.1):
            attrs["retry_count"] = self.random.randrange(1, 4)
        return span

    def messages(self, attrs):
        said, answer = self.pick(WORDS), self.pick(WORDS)
        attrs["gen_ai.input.messages"] = [
            {"role": "user", "parts": [{"type": "text", "content": f"please: {said} " * 8}]}
        ]
        attrs["gen_ai.output.messages"] = [
            {"role": "assistant", "parts": [{"type": "text", "content": f"about {answer}"}]}
        ]

    def tool(self, parent, start, length):
        span = self.add("tool", parent, start, length)
        attrs = span["attrs"]
        self.attribute(span, 0.1)
        if self.chance(0.95):
            attrs["tool.name"] = self.pick(TOOLS)
        drift = self.context["prompt"][1] == "3"
        if self.chance(0.3):
            self.fail(span, ["ValidationError"] if drift else TOOL_ERRORS)
        elif self.chance(0.2):
            attrs["tool.status"] = self.pick(["ok", "timeout", "blocked", "invalid_args", "odd"])
        if self.chance(0.2):
            attrs["retry_count"] = self.random.randrange(4)
        if self.chance(0.3):
            attrs["gen_ai.tool.call.arguments"] = {"what": self.pick(WORDS)}
            attrs["gen_ai.tool.call.result"] = f"found {self.pick(WORDS)}"
        if self.chance(0.1):  # The other end of the protocol saw it too.
            inner = self.add("tool", span, start, length)
            inner["attrs"]["tool.name"] = attrs.get("tool.name", "search")

    def fail(self, span, types):
        error = self.pick(types)
        message = self.pick(["it broke", "Größe falsch", ""])
        if not self.chance(0.9):  # Handled: an error's type, and no failure.
            span["attrs"]["error.type"] = error
        else:
            span.pop("status", None)
            span["error"] = {"message": message} | ({"type": error} if error else {})

    def wrapped(self, parent, start, length):
        """Calls around calls: the same call seen further out, retries, or another thing."""
        upper = parent
        usage = None
        for _ in range(self.random.randrange(2, 4)):
            upper = self.call(upper, start, length)
            if usage and self.chance(0.6):
                for key in [k for k in upper["attrs"] if "usage" in k or "model" in k]:
                    del upper["attrs"][key]
                upper["attrs"] |= usage
                if self.chance(0.3):
                    upper["attrs"]["gen_ai.usage.cost"] = 0.125
            usage = {k: v for k, v in upper["attrs"].items() if "usage" in k or "model" in k}
            if self.chance(0.3):
                self.call(upper, start + length // 2, length // 2)
            if self.chance(0.1):
                upper = self.add(self.pick(["chain", "tool", "agent"]), upper, start, length)
                if self.chance(0.5):
                    self.usage(upper)

    def seen_twice(self, parent, start, length):
        """One call, reported by several instrumentations beside each other."""
        first = self.call(parent, start, length, usage=1)
        for n in range(self.random.randrange(1, 3)):
            shift = self.random.randrange(max(1, length // 3))
            copy = self.add(first["kind"], parent, start + shift, length - shift)
            copy["attrs"] |= {k: v for k, v in first["attrs"].items() if "gen_ai" in k}
            if self.chance(0.7):
                copy["scope"] = self.pick(["openai.client", "com.anthropic.sdk.messages", "x"])
            if self.chance(0.3):
                copy["attrs"]["gen_ai.usage.cost"] = 0.5

    # Sending.

    def send(self):
        for span in self.spans:
            if self.chance(0.04) and len(self.spans) > 1:
                self.count -= 1
                continue  # Never comes; its children stay orphans.
            if self.chance(0.05):
                self.announce(span)
                if self.chance(0.5):
                    continue  # Never ends.
            self.phases[0].append(self.line(span))
            if self.chance(0.08):  # Again, as it was.
                self.phases[self.pick([0, 1])].append(self.line(span))
            if self.chance(0.05):
                self.change(span)

    def announce(self, span):
        early = {k: v for k, v in span.items() if k not in ("end", "error")}
        early["status"] = "running"
        self.phases[self.pick([0, 0, 1])].append(self.line(early))

    def change(self, span):
        """Delivered again, and different: the newest holds."""
        old, new = span, dict(span, attrs=dict(span["attrs"]), name=span["name"] + " again")
        moved = self.pick(["later", "longer", "another day"])
        if moved == "later":
            new["end"] += self.random.randrange(2 * HOUR)
        elif moved == "longer":
            new["start"] -= self.random.randrange(2 * HOUR)
        else:
            shift = self.pick([-20, 20]) * HOUR
            new["start"], new["end"] = new["start"] + shift, new["end"] + shift
        if new["end"] > self.latest:
            new["start"], new["end"] = old["start"], old["end"]
        if self.chance(0.5):
            new["attrs"]["customer.tier"] = self.pick(["gold", "silver"])
        if self.chance(0.3):
            new["attrs"].pop("tags", None)
        if "gen_ai.usage.input_tokens" in new["attrs"]:
            new["attrs"]["gen_ai.usage.input_tokens"] = self.random.randrange(10_000)
            new["attrs"].pop("gen_ai.usage.total_tokens", None)
        if self.chance(0.3):
            new["attrs"]["user.id"] = self.pick(USERS)
        if self.chance(0.1):
            new["kind"] = self.pick(["llm", "chain", "tool"])
            if new["kind"] != "tool":
                new["attrs"].pop("tool.status", None)
        self.phases[2].append(self.line(new))

    def line(self, span):
        """As one writes it: times in several forms, empty fields left out."""
        line = {k: v for k, v in span.items() if k not in ("start", "end") and v != {}}
        offset = self.pick([0, 0, 0, 120, -300])
        line["start"] = self.pick([iso(span["start"], offset), span["start"]])
        if "end" in span:
            if span["end"] - span["start"] < 10**6 and self.chance(0.3):
                line["duration_ms"] = (span["end"] - span["start"]) / 1e6
            else:
                line["end"] = iso(span["end"], offset)
        return line
