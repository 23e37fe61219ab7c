"""The tree of a trace, by the rules of src/ingest/resolve/resolve.h."""


def latest(deliveries):
    """Of each span the newest delivery; one that ended beats any announcement."""
    newest = {}
    for span in deliveries:
        old = newest.get(span.span_id)
        if old is None or span.status != "running" or old.status == "running":
            newest[span.span_id] = span
    return list(newest.values())


def age(item):
    """Sorts by which is earlier; of spans and facts."""
    return (item.start, item.span_id)


class Tree:
    def __init__(self, spans):
        self.by_id = {s.span_id: s for s in spans}
        self.parent = {s.span_id: s.parent_id if s.parent_id in self.by_id else "" for s in spans}
        self.open_loops()
        self.paths = {span_id: self.path(span_id) for span_id in self.by_id}

    def open_loops(self):
        for start in sorted(self.by_id):
            seen, at = [], start
            while at and at not in seen:
                seen.append(at)
                at = self.parent[at]
            if at:
                loop = seen[seen.index(at) :]
                earliest = min((self.by_id[i] for i in loop), key=age)
                self.parent[earliest.span_id] = ""

    def above(self, span_id):
        """Its ancestors, the nearest first."""
        return self.paths[span_id]

    def path(self, span_id):
        out = []
        while self.parent[span_id]:
            span_id = self.parent[span_id]
            out.append(span_id)
        return out

    def root(self, span_id):
        return ([span_id] + self.above(span_id))[-1]

    def below(self, span_id):
        return [i for i in self.by_id if span_id in self.above(i)]

    def depth(self, span_id):
        return len(self.above(span_id))

    def between(self, upper, lower):
        """The spans strictly between one and another far below it."""
        path = self.above(lower)
        return path[: path.index(upper)]

    def head(self):
        roots = [s for s in self.by_id.values() if not s.parent_id]
        if roots:
            return min(roots, key=age)
        return min(
            self.by_id.values(), key=lambda s: (s.start, bool(self.parent[s.span_id]), s.span_id)
        )
