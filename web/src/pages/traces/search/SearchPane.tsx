// Words looked for in names, failures and contents: messages, prompts, arguments, results, reasoning.

import { useInfiniteQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { useApi } from 'api/context';
import type { Answer } from 'api/types';
import { formatTime, plural } from 'base/format';
import { rangeInText } from 'base/range';
import { visibleText } from 'base/text';
import { Icon } from 'widgets/figures/Icon';
import { KindIcon } from 'widgets/figures/KindIcon';
import { Pill } from 'widgets/figures/Pill';
import { EmptyState } from 'widgets/layout/EmptyState';
import { ErrorNotice, Waiting } from 'widgets/layout/Notice';
import { errorOfFilter } from 'widgets/page/errorOfFilter';
import type { View } from 'widgets/page/useView';
import { ViewLink } from 'widgets/page/ViewLink';
import { withWords } from '../commands';
import { placeOf, readSnippet } from './snippet';
import './SearchPane.css';

type SearchAnswer = Answer<'/api/v1/search'>;
type Hit = SearchAnswer['hits'][number];

const PAGE_HITS = 50;

export function useTextSearch(view: View, words: string) {
  const api = useApi();
  return useInfiniteQuery({
    queryKey: ['search', view.params, words],
    queryFn: ({ pageParam, signal }) =>
      api.get(
        '/api/v1/search',
        { ...view.params, query: words, limit: PAGE_HITS, cursor: pageParam },
        signal,
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page: SearchAnswer) => page.next,
    enabled: words !== '',
    staleTime: 15_000,
  });
}

interface SearchPaneProps {
  view: View;
  words: string;
  search: ReturnType<typeof useTextSearch>;
}

export function SearchPane({ view, words, search }: SearchPaneProps) {
  const list = useRef<HTMLOListElement>(null);
  const hits = search.data?.pages.flatMap((page) => page.hits) ?? [];
  const onKeyDown = (event: React.KeyboardEvent) => {
    const step = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }[event.key];
    if (step === undefined) return;
    const links = [...(list.current?.querySelectorAll<HTMLElement>('a.hit-link') ?? [])];
    const at = links.indexOf(document.activeElement as HTMLElement);
    links[Math.max(0, Math.min(links.length - 1, at + step))]?.focus();
    event.preventDefault();
  };
  return (
    <div className="hits-pane">
      <SearchField key={words} words={words} onSearch={(text) => view.change({ text })} />
      {words === '' && (
        <EmptyState title="Which words?">
          They are found next to each other and in this order, in any case, in names, failures,
          messages, system prompts, tool definitions, arguments, results and reasoning. The window
          and the filter above narrow where to look.
        </EmptyState>
      )}
      {words !== '' && search.isPending && <Waiting title="Searching …" />}
      {search.error !== null && errorOfFilter(search.error) === null && (
        <ErrorNotice error={search.error} retry={() => void search.refetch()} />
      )}
      {search.isSuccess && (
        <>
          <div className="hits-reach">
            <p className="dim" role="status">
              {reachOf(hits, search.hasNextPage, view)}
            </p>
            {hits.length > 0 && (
              <button
                type="button"
                className="button small"
                title="The traces that hold these words, by a filter"
                onClick={() =>
                  view.change({ mode: undefined, text: undefined, q: withWords(view.q, words) })
                }
              >
                As a list of traces
              </button>
            )}
          </div>
          <ol className="hits" ref={list} onKeyDown={onKeyDown} aria-label="Found">
            {hits.map((hit, i) => (
              <HitRow key={`${hit.trace_id} ${hit.span_id} ${i}`} hit={hit} />
            ))}
          </ol>
          {search.hasNextPage && (
            <button
              type="button"
              className="button hits-more"
              disabled={search.isFetchingNextPage}
              onClick={() => void search.fetchNextPage()}
            >
              {search.isFetchingNextPage ? 'Searching …' : 'Search further back'}
            </button>
          )}
        </>
      )}
    </div>
  );
}

// How much was looked through: the newest first, until a page is full.
function reachOf(hits: readonly Hit[], more: boolean, view: View): string {
  const found = plural(hits.length, 'hit');
  const window = rangeInText(view.since, view.until, new Date());
  const last = hits[hits.length - 1];
  if (!more || !last) {
    return `${found}; the whole window was searched (${window}). At most three spans a trace.`;
  }
  const back = formatTime(last.at, new Date());
  return `${found} so far, searched back to ${back}. At most three spans a trace and page.`;
}

function SearchField({ words, onSearch }: { words: string; onSearch: (text: string) => void }) {
  const [draft, setDraft] = useState(words);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (words === '') input.current?.focus();
  }, [words]);
  return (
    <form
      className="hits-field"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        onSearch(draft.trim());
      }}
    >
      <Icon name="search" />
      <input
        ref={input}
        className="field"
        aria-label="Search text"
        placeholder="refund order"
        value={draft}
        spellCheck={false}
        autoComplete="off"
        onChange={(event) => setDraft(event.target.value)}
      />
      <button type="submit" className="button" disabled={draft.trim() === ''}>
        Search
      </button>
    </form>
  );
}

function HitRow({ hit }: { hit: Hit }) {
  const { role, pieces } = readSnippet(hit.snippet, hit.highlights);
  return (
    <li className="hit">
      <div className="hit-head">
        <KindIcon kind={hit.kind} />
        <ViewLink
          to="/traces/$trace_id"
          params={{ trace_id: hit.trace_id }}
          search={{ span: hit.span_id, since: undefined, until: undefined, q: undefined }}
          className="hit-link cut"
        >
          {visibleText(hit.name) || hit.span_id}
        </ViewLink>
        {hit.root_name !== undefined && hit.root_name !== hit.name && (
          <span className="dim cut">in {visibleText(hit.root_name)}</span>
        )}
        <Pill tone={hit.where === 'status_message' ? 'bad' : 'neutral'}>
          {[role, placeOf(hit.where, hit.kind)].filter(Boolean).join(' · ')}
        </Pill>
        <span className="hit-at dim" title={hit.at}>
          {formatTime(hit.at, new Date())}
        </span>
      </div>
      <p className="hit-text">
        {pieces.map(({ text, marked }, i) =>
          marked ? (
            <mark key={i}>{visibleText(text)}</mark>
          ) : (
            <span key={i}>{visibleText(text)}</span>
          ),
        )}
      </p>
    </li>
  );
}
