"""All deliveries of the spans of one trace -> its facts and its row of the list.

The rules are those of src/ingest/resolve/resolve.h, written down again as plainly as possible: no indices,
no sharing of work, quadratic where that is the obvious way to say it.
"""

import dataclasses

from canonical import BUCKETS, CALL_KINDS, Span
from tree import Tree, age, latest

INHERITED = [
    "service", "environment", "release", "feature", "workflow", "user_id", "session_id", "agent",
]  # fmt: skip
WRITES = ("cache_write_5m_tokens", "cache_write_1h_tokens")
CACHED = ("cache_read_tokens",) + WRITES


@dataclasses.dataclass
class Fact:
    span: Span
    trace: "Trace | None" = None
    is_root: bool = False
    is_orphan: bool = False
    status: str = "unset"
    service: str = ""
    environment: str = ""
    release: str = ""
    feature: str = ""
    workflow: str = ""
    user_id: str = ""
    session_id: str = ""
    agent: str = ""
    prompt_name: str = ""
    prompt_version: str = ""
    role: str = ""
    counted: bool = False
    reason: str = ""
    counted_by: str = ""
    # The span's figures as they stand after filling.
    usage: dict = dataclasses.field(default_factory=dict)
    cost: int | None = None
    ttft: int | None = None
    estimated: bool = False
    price_source: str = ""
    ttl_assumed: bool = False

    # What a fact has of its span as it is.
    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(object.__getattribute__(self, "span"), name)

    @property
    def duration(self):
        return self.span.end - self.span.start

    @property
    def input_total(self):
        return sum(self.usage[b] for b in BUCKETS[:6])

    @property
    def output_total(self):
        return sum(self.usage[b] for b in BUCKETS[6:])

    @property
    def tokens(self):
        return self.input_total + self.output_total

    @property
    def bears(self):
        """It can stand for a call that others report too."""
        searches = self.span.web_searches + self.span.file_searches
        return self.tokens > 0 or searches > 0 or bool(self.cost)

    @property
    def has_figures(self):
        return self.span.has_usage or self.cost is not None

    @property
    def is_call(self):
        return (
            self.span.kind in CALL_KINDS
            and self.role in ("", "leaf")
            and self.status != "running"
        )

    @property
    def is_tool_call(self):
        return self.span.kind == "tool" and self.role != "inner" and self.status != "running"

    @property
    def unpriced(self):
        searches = self.span.web_searches + self.span.file_searches
        has_usage = self.tokens > 0 or searches > 0 or self.span.total_only
        return self.counted and self.cost is None and has_usage


@dataclasses.dataclass
class Trace:
    trace_id: str
    facts: list
    head: Fact
    start: int = 0
    end: int = 0
    status: str = ""
    status_message: str = ""
    errors: int = 0
    orphans: int = 0
    llm_calls: int = 0
    tool_calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost: int = 0
    unpriced_calls: int = 0
    models: list = dataclasses.field(default_factory=list)
    workflow: str = ""
    user_id: str = ""
    session_id: str = ""
    agent: str = ""

    @property
    def duration(self):
        return self.end - self.start


def resolve(spans, open_until):
    """`spans`: of one trace, each once. Running ones that started by open_until are unfinished."""
    tree = Tree(spans)
    facts = {}
    for span in spans:
        fact = Fact(span)
        fact.is_root = not tree.parent[span.span_id]
        fact.is_orphan = fact.is_root and bool(span.parent_id)
        fact.status = span.status
        if span.status == "running" and span.start <= open_until:
            fact.status = "unfinished"
        fact.usage = dict(span.usage)
        for field in ("cost", "ttft", "estimated", "price_source", "ttl_assumed"):
            setattr(fact, field, getattr(span, field))
        facts[span.span_id] = fact
    inherit(tree, facts)
    count_once(tree, facts)
    mark_inner(tree, facts)
    return sum_up(tree, facts)


# Attribution.


def inherit(tree, facts):
    head = tree.head()
    has_root = any(not s.parent_id for s in tree.by_id.values())

    def sources(span_id):
        path = [span_id] + tree.above(span_id)
        # What nobody above says, the head's own and inherited values say.
        return [tree.by_id[i] for i in path + [head.span_id] + tree.above(head.span_id)]

    for span_id, fact in facts.items():
        for field in INHERITED:
            said = [getattr(s, field) for s in sources(span_id) if getattr(s, field)]
            setattr(fact, field, said[0] if said else "")
        named = [s for s in sources(span_id) if s.prompt_name]
        versioned = [s for s in sources(span_id) if s.prompt_version]
        if named:  # Who supplies the name supplies the version.
            fact.prompt_name, fact.prompt_version = prompt_of(named[0])
        elif versioned:
            fact.prompt_version = versioned[0].prompt_version
        if not fact.feature:
            root = tree.by_id[tree.root(span_id)]
            own = root.feature_fallback if not root.parent_id or not has_root else ""
            fact.feature = own or head.feature_fallback or (head.name if has_root else "")
    give_tools_prompts(tree, facts)


def give_tools_prompts(tree, facts):
    """A tool call under no prompt has that of the model call beside it that chose it."""
    callers = [
        f for f in facts.values() if f.kind == "llm" and f.span.status != "running" and f.prompt_name
    ]
    tools = [f for f in facts.values() if f.kind == "tool" and not f.prompt_name]
    for tool in tools:
        parent = tree.parent[tool.span.span_id]
        before = [
            c
            for c in callers
            if parent
            and tree.parent[c.span.span_id] == parent
            and c.span.end <= tool.span.start
        ]
        if before:
            chose = max(before, key=lambda c: (c.span.end, c.span.start, c.span.span_id))
            tool.prompt_name, tool.prompt_version = chose.prompt_name, chose.prompt_version


def prompt_of(span):
    return span.prompt_name, span.prompt_version


# What counts once.


def count_once(tree, facts):
    calls = []
    for fact in facts.values():
        if not (fact.has_usage or fact.bears):
            continue
        if fact.status == "running":
            fact.reason = "running"
            continue
        is_call = fact.kind in CALL_KINDS and not fact.is_sum
        fact.role = "leaf" if is_call else "rollup"
        fact.counted, fact.reason = is_call, "leaf" if is_call else ""
        if is_call:
            calls.append(fact)
    find_wrappers(tree, facts, calls)
    leaves = [c for c in calls if c.role == "leaf" and c.bears]
    replaced = same_response(leaves)
    replaced += same_call(tree, [c for c in leaves if c.counted])
    for fact in sorted(replaced, key=lambda f: (-fidelity(f), age(f))):
        fill(final(facts, fact), fact)
    decide_rollups(tree, facts)
    for fact in facts.values():
        if fact.counted_by:
            fact.counted_by = final(facts, fact).span_id


def final(facts, fact):
    while fact.counted_by:
        fact = facts[fact.counted_by]
    return fact


def near(tree, facts, upper, lower):
    """Below it, with no tool or agent between."""
    if upper.span_id not in tree.above(lower.span_id):
        return False
    between = tree.between(upper.span_id, lower.span_id)
    return not any(facts[i].kind in ("tool", "agent") for i in between)


def find_wrappers(tree, facts, calls):
    money_known = set()  # Calls whose money some wrapper over several has brought.
    for call in sorted(calls, key=lambda f: -tree.depth(f.span_id)):  # The innermost first.
        writes = call.kind == "llm" and call.output_total > 0
        inner = [
            c
            for c in calls
            if c.role == "leaf"
            and c.bears
            and near(tree, facts, call, c)
            and not (writes and c.kind != "llm")
        ]
        if not inner:
            continue
        call.role, call.counted, call.reason = "wrapper", False, "wraps_call"
        call.counted_by = min(inner, key=age).span_id
        if len(inner) == 1:
            fill(inner[0], call)
            continue
        if call.cost is None:
            continue
        last = max(inner, key=lambda f: (f.end, f.start, f.span_id))
        priced = any(c.cost is not None or c.span_id in money_known for c in inner)
        same = (last.input_total, last.output_total) == (call.input_total, call.output_total)
        better = call.price_source == "provider" and last.price_source != "provider" and same
        if not priced or better:
            take_cost(last, call)
        money_known |= {c.span_id for c in inner}


def take_cost(into, source):
    into.cost, into.price_source = source.cost, source.price_source
    into.estimated = source.estimated


def cached(fact):
    return sum(fact.usage[b] for b in CACHED)


def writes(fact):
    return sum(fact.usage[b] for b in WRITES)


def fill(into, source):
    """Takes into one report of a call what only another report of it says."""
    same = (into.input_total, into.output_total) == (source.input_total, source.output_total)
    cache_seen = cached(into) == 0 and cached(source) > 0
    ttl_seen = (
        into.ttl_assumed
        and not source.ttl_assumed
        and writes(into) > 0
        and writes(into) == writes(source)
        and into.usage["cache_read_tokens"] == source.usage["cache_read_tokens"]
    )
    finer = same and (cache_seen or ttl_seen)
    if finer:
        into.usage = dict(source.usage)
        into.ttl_assumed = source.ttl_assumed
    better = into.price_source != "provider" and (finer or source.price_source == "provider")
    if source.cost is not None and (into.cost is None or better):
        take_cost(into, source)
    if into.ttft is None:
        into.ttft = source.ttft


def fidelity(fact):
    return (
        8 * (writes(fact) > 0 and not fact.ttl_assumed)
        + 4 * (cached(fact) > 0)
        + 2 * (fact.price_source == "provider")
        + fact.native_sdk
    )


def best_of(facts):
    return min(facts, key=lambda f: (-fidelity(f), age(f)))


def replace(loser, winner, reason):
    loser.role, loser.counted, loser.reason = "duplicate", False, reason
    loser.counted_by = winner.span_id


def same_response(leaves):
    replaced = []
    for response_id in {c.response_id for c in leaves if c.response_id}:
        group = [c for c in leaves if c.response_id == response_id]
        winner = best_of(group)
        for call in group:
            if call is not winner:
                replace(call, winner, "same_response")
                replaced.append(call)
    return replaced


def same_call(tree, leaves):
    """Each scope meets the calls in their order of time, and each call once."""
    leaves = [c for c in leaves if c.tokens > 0 and c.model]
    replaced = []
    for key in {(c.model, c.input_total, c.output_total) for c in leaves}:
        same = [c for c in leaves if (c.model, c.input_total, c.output_total) == key]
        groups = []
        reached = {}  # Of each scope: how many groups it has left behind.
        for call in sorted(same, key=lambda f: (f.start, f.end, f.span_id)):
            scope = (call.source, call.scope)
            for n, group in enumerate(groups):
                first = group["calls"][0]
                if n < reached.get(scope, 0) or (first.source, first.scope) == scope:
                    continue
                if first.end <= call.start and first.start != call.start:
                    continue
                ids = {call.response_id, group["response_id"]}
                if len(ids - {""}) == 2:
                    continue
                one, other = call.span_id, first.span_id
                if one in tree.above(other) or other in tree.above(one):
                    continue
                reached[scope] = n + 1
                group["calls"].append(call)
                group["response_id"] = group["response_id"] or call.response_id
                best = group["best"]
                if fidelity(call) > fidelity(best):
                    group["best"], best, call = call, call, best
                replace(call, best, "same_call")
                replaced.append(call)
                break
            else:
                groups.append({"calls": [call], "best": call, "response_id": call.response_id})
    return replaced


def decide_rollups(tree, facts):
    rollups = [f for f in facts.values() if f.role == "rollup"]
    calls = [f for f in facts.values() if f.role in ("leaf", "duplicate") and f.bears]
    seen_calls = [f for f in facts.values() if f.role in ("leaf", "duplicate", "wrapper")]
    would_count = rollups_that_add_up(tree, rollups, calls)
    for fact in sorted(rollups, key=lambda f: tree.depth(f.span_id)):  # The outermost first.
        above = tree.above(fact.span_id)
        below = [c for c in calls if fact.span_id in tree.above(c.span_id)]
        around = [
            facts[i]
            for i in above
            if any(f.span_id == i and f.bears for f in seen_calls)
            and near(tree, facts, facts[i], fact)
        ]
        outer = [facts[i] for i in above if facts[i].role == "rollup" and facts[i].counted]
        inner = would_count[fact.span_id]
        fact.counted = False
        if below:
            fact.reason, fact.counted_by = "has_leaf_below", min(below, key=age).span_id
        elif around and fact.kind not in ("tool", "agent"):
            fact.reason, fact.counted_by = "inside_call", around[0].span_id
        elif outer:
            fact.reason, fact.counted_by = "inside_rollup", outer[0].span_id
        elif inner:
            fact.reason, fact.counted_by = "has_rollup_below", min(inner, key=age).span_id
        else:
            fact.reason, fact.counted = "rollup_alone", True


def rollups_that_add_up(tree, rollups, calls):
    """Of each roll-up: those inside it that count instead, because it is less than they are."""
    instead = {}

    def inside(fact):
        """The outermost roll-ups below it that would count if it did not."""
        out = []
        for inner in rollups:
            if fact.span_id not in tree.above(inner.span_id):
                continue
            between = [i for i in tree.between(fact.span_id, inner.span_id)]
            if any(r.span_id in between and stands(r) for r in rollups):
                continue
            if stands(inner):
                out.append(inner)
        return out

    def stands(fact):
        has_call = any(fact.span_id in tree.above(c.span_id) for c in calls)
        return not has_call and not instead[fact.span_id]

    for fact in sorted(rollups, key=lambda f: -tree.depth(f.span_id)):  # The innermost first.
        inner = inside(fact)
        instead[fact.span_id] = inner if fact.tokens < sum(r.tokens for r in inner) else []
    return instead


def mark_inner(tree, facts):
    """Second sights, without figures, of calls that other spans stand for."""
    for fact in facts.values():
        if fact.role:
            continue
        parent = tree.parent[fact.span_id]
        if fact.kind == "tool" and parent:
            upper = facts[parent]
            if upper.kind == "tool" and fact.tool_name and upper.tool_name == fact.tool_name:
                fact.role = "inner"
        if fact.kind in CALL_KINDS and fact.status != "error":
            for span_id in tree.above(fact.span_id):
                upper = facts[span_id]
                is_call = upper.role in ("leaf", "wrapper", "duplicate") and upper.bears
                if is_call and near(tree, facts, upper, fact):
                    fact.role = "inner"


# The trace.


def sum_up(tree, facts):
    head = facts[tree.head().span_id]
    rows = list(facts.values())
    trace = Trace(head.trace_id, rows, head)
    trace.start = min(f.start for f in rows)
    trace.end = max(f.end for f in rows)
    trace.status = "running" if any(f.status == "running" for f in rows) else head.status
    trace.status_message = head.status_message if head.status == "error" else ""
    trace.errors = sum(f.status == "error" for f in rows)
    trace.orphans = sum(f.is_orphan for f in rows)
    trace.llm_calls = sum(f.kind == "llm" and f.role in ("", "leaf") for f in rows)
    trace.tool_calls = sum(f.kind == "tool" and f.role != "inner" for f in rows)
    counted = [f for f in rows if f.counted]
    trace.input_tokens = sum(f.input_total for f in counted)
    trace.output_tokens = sum(f.output_total for f in counted)
    trace.cost = sum(f.cost or 0 for f in counted)
    trace.unpriced_calls = sum(f.unpriced for f in counted)
    trace.models = sorted({f.model for f in counted if f.model}, key=lambda m: m.encode())
    for field in ("workflow", "user_id", "session_id", "agent"):
        knowing = [f for f in rows if getattr(f, field)]
        value = getattr(head, field)
        if not value and knowing:
            value = getattr(min(knowing, key=age), field)
        setattr(trace, field, value)
    for fact in rows:
        fact.trace = trace
    return trace


def resolve_all(deliveries, open_until):
    """Deliveries in the order of their receipt -> {trace_id: Trace}."""
    by_trace = {}
    for span in deliveries:
        by_trace.setdefault(span.trace_id, []).append(span)
    return {
        trace_id: resolve(latest(spans), open_until) for trace_id, spans in by_trace.items()
    }
