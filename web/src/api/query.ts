// Answers of the server for components, kept by path and parameters:
//
//   const cost = useGet('/api/v1/cost', { ...view.params, by: 'feature' }, { everyMs: 10_000 });
//   <Panel title="Cost" state={cost}>{(answer) => ...}</Panel>
//
// Nothing is asked while the tab is hidden. While other parameters are read, the answer to the former
// ones stays (`isPlaceholderData`), so that nothing flickers.

import {
  keepPreviousData,
  useMutation,
  useQuery,
  useQueryClient,
  type UseQueryResult,
} from '@tanstack/react-query';
import type { Api } from './client';
import { useApi } from './context';
import type { paths } from './schema';
import type { Answer, Body, Params, PathOf } from './types';

export interface GetOptions<A> {
  // Asks again this often. Without it: when the window of time or the filter changes, or on retry.
  everyMs?: number | false;
  // The same, by what was answered: false once there is no need any more.
  untilMs?: (answer: A) => number | false;
  enabled?: boolean;
  // How old an answer may be that is shown without asking anew.
  staleMs?: number;
}

export function useGet<P extends PathOf<'get'>>(
  path: P,
  params: Params<P>,
  { everyMs = false, untilMs, enabled = true, staleMs = 2_000 }: GetOptions<Answer<P>> = {},
): UseQueryResult<Answer<P>> {
  const api = useApi();
  return useQuery<Answer<P>>({
    queryKey: [path, params],
    queryFn: ({ signal }) => api.get(path, params, signal),
    enabled,
    staleTime: staleMs,
    placeholderData: keepPreviousData as never,
    refetchInterval: ({ state }) =>
      untilMs && state.data !== undefined ? untilMs(state.data) : everyMs,
  });
}

// A question that is asked by POST and changes nothing: a runbook's report.
//
//   const report = useAsk('/api/v1/runbooks/{name}', { name: 'cost' }, { since: '1h' });
export function useAsk<P extends PathOf<'post'>>(
  path: P,
  params: Params<P, 'post'>,
  body: Body<P, 'post'>,
  { enabled = true }: { enabled?: boolean } = {},
): UseQueryResult<Answer<P, 'post'>> {
  const api = useApi();
  return useQuery<Answer<P, 'post'>>({
    queryKey: [path, params, body],
    queryFn: () => api.post(path, params, body),
    enabled,
    staleTime: 60_000,
    refetchOnWindowFocus: false,
  });
}

// Something that changes the server's state. Afterwards the answers of `refresh` are asked for anew.
export function useChange<Input, Result>(
  change: (api: Api, input: Input) => Promise<Result>,
  refresh: readonly (keyof paths)[] = [],
) {
  const api = useApi();
  const client = useQueryClient();
  return useMutation<Result, Error, Input>({
    mutationFn: (input) => change(api, input),
    networkMode: 'always',
    onSettled: () =>
      Promise.all(refresh.map((path) => client.invalidateQueries({ queryKey: [path] }))),
  });
}
