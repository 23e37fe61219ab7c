"""Expected against got, and what a person needs to see of a difference."""

import json
from fractions import Fraction

from figures import Approx, iso
from questions import Partial

# Of what the engine computes in binary fractions, and of what is printed from integers.
QUOTIENT_TOLERANCE = 1e-9
EXACT_TOLERANCE = 1e-13
SHOWN_SPANS = 12


def differences(expected, got, path="$", skip=()):
    """[(path, expected, got)]"""
    if isinstance(expected, dict) and isinstance(got, dict):
        partial = isinstance(expected, Partial)
        out = []
        for key in expected:
            if key not in got and not (partial and expected[key] is None):
                out.append((f"{path}.{key}", plain(expected[key]), "(missing)"))
            elif key in got:
                out += differences(expected[key], got[key], f"{path}.{key}", skip)
        for key in got:
            if key not in expected and not partial and key not in skip:
                out.append((f"{path}.{key}", "(nothing of this name)", got[key]))
        return out
    if isinstance(expected, list) and isinstance(got, list):
        out = []
        if len(expected) != len(got):
            out.append((f"{path}.length", len(expected), len(got)))
        for n, (one, other) in enumerate(zip(expected, got)):
            out += differences(one, other, f"{path}[{n}]", skip)
        return out
    return [] if same(expected, got) else [(path, plain(expected), got)]


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def same(expected, got):
    if isinstance(expected, Approx):
        return is_number(got) and close(expected.value, got, QUOTIENT_TOLERANCE)
    if isinstance(expected, Fraction):
        return is_number(got) and close(expected, Fraction(got), EXACT_TOLERANCE)
    return type(expected) is type(got) and expected == got


def close(one, other, tolerance):
    return abs(one - other) <= tolerance * max(abs(one), abs(other))


def plain(value):
    """To be printed beside JSON."""
    if isinstance(value, Approx):
        return value.value
    if isinstance(value, Fraction):
        return float(value)
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    return [plain(v) for v in value] if isinstance(value, list) else value


ID_FIELDS = ["trace_id", "span_id", "session_id", "user_id", "prompt_name", "prompt_version"]
FACT_FIELD = {"tool": "tool_name", "category": "error_category"}
ROW_FIELDS = ID_FIELDS + ["provider", "model", *FACT_FIELD]


def involved(rows, expected, path):
    """Of the spans asked for, those of the group that the path leads to."""
    at = expected
    for step in path.replace("[", ".[").split(".")[1:]:
        if isinstance(at, list) and step.startswith("["):
            at = at[int(step[1:-1])] if int(step[1:-1]) < len(at) else None
        elif isinstance(at, dict):
            at = at.get(step)
        if isinstance(at, dict):
            keys = at.get("key") or {k: at[k] for k in ROW_FIELDS if k in at}
            for field, value in keys.items():
                field = FACT_FIELD.get(field, field)
                if value == "unknown" or field in ("minute", "hour", "day", "week", "month"):
                    continue
                found = [f for f in rows if getattr(f, field) == value]
                rows = found or rows
    return rows


def span_text(fact):
    tokens = {k.removesuffix("_tokens"): n for k, n in fact.usage.items() if n}
    parts = [
        f"{fact.trace_id[:8]}/{fact.span_id} {fact.kind} {json.dumps(fact.name)}",
        f"{iso(fact.start)} .. {iso(fact.end)} {fact.status}",
        f"role={fact.role or '-'} ({fact.reason or '-'})",
        f"cost={fact.cost} tokens={tokens}",
    ]
    for field in ("feature", "user_id", "session_id", "model", "tool_name", "error_category"):
        if getattr(fact, field):
            parts.append(f"{field}={json.dumps(getattr(fact, field), ensure_ascii=False)}")
    return "  ".join(parts)


def report(seed, engine, url, question, expected, found):
    """The words of a failure."""
    lines = [f"DIFFERENT: seed {seed}, engine {engine}", f"  GET {url}"]
    for path, want, got in found[:5]:
        lines.append(f"  {path}")
        lines.append(f"    expected {json.dumps(want, ensure_ascii=False)[:600]}")
        lines.append(f"    got      {json.dumps(got, ensure_ascii=False)[:600]}")
    if len(found) > 5:
        lines.append(f"  and {len(found) - 5} more places")
    rows = involved(question.rows(), expected, found[0][0])
    lines.append(f"  spans of that figure, as the reference resolved them: {len(rows)}")
    lines += [f"    {span_text(fact)}" for fact in rows[:SHOWN_SPANS]]
    lines.append(
        f"  again: tests/reference/run.py --seed {seed} --engine {engine} "
        f"--endpoint {question.endpoint} -v"
    )
    return "\n".join(lines)
