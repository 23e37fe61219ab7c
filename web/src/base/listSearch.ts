// Back in the list of traces, one finds the filter one left: app/ remembers it, pages link to it.

import { createContext, useContext } from 'react';

export type ListSearch = Record<string, string | undefined>;

const ListSearchContext = createContext<ListSearch>({});
export const ListSearchProvider = ListSearchContext.Provider;

export function useListSearch(): ListSearch {
  return useContext(ListSearchContext);
}
