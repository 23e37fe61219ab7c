// A trace's story, page by page: the first is shown while the others are read. While the run is under way
// it is read again as its spans arrive.

import { useInfiniteQuery } from '@tanstack/react-query';
import { useEffect, useMemo } from 'react';
import { useApi } from 'api/context';
import { readStoryPage, type StoryPage } from 'api/story';
import { tellStory } from './decisions';

const PAGE_STEPS = 200;
// Read without being asked for; beyond, the reader says so.
export const STEPS_AT_ONCE = 2_000;

// `version`: changes whenever the trace does.
export function useStory(traceId: string, underWay: boolean, version: unknown) {
  const api = useApi();
  const story = useInfiniteQuery({
    queryKey: ['story', traceId],
    queryFn: ({ pageParam, signal }) =>
      readStoryPage(api, traceId, { cursor: pageParam, limit: PAGE_STEPS }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page: StoryPage) => page.next,
    staleTime: 15_000,
  });
  const steps = useMemo(() => story.data?.pages.flatMap((page) => page.steps), [story.data]);
  const { hasNextPage, isFetching, isFetchNextPageError, fetchNextPage, refetch } = story;
  const known = steps?.length ?? 0;
  useEffect(() => {
    const more = hasNextPage && !isFetching && !isFetchNextPageError;
    if (more && known < STEPS_AT_ONCE) void fetchNextPage();
  }, [hasNextPage, isFetching, isFetchNextPageError, fetchNextPage, known]);
  useEffect(() => {
    if (underWay) void refetch({ cancelRefetch: false });
  }, [underWay, version, refetch]);
  const told = useMemo(() => steps && tellStory(steps), [steps]);
  return { told, total: story.data?.pages[0]?.total ?? 0, query: story };
}
