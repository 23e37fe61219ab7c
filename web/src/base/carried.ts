// The window of time and the filter go along from page to page: app/ remembers those last seen in the
// address, links to other pages add them.

import { createContext, useContext } from 'react';

export interface Carried {
  since?: string | undefined;
  until?: string | undefined;
  q?: string | undefined;
}

const CarriedContext = createContext<Carried>({});
export const CarriedProvider = CarriedContext.Provider;

// For `search` of a link to a page with a window of time.
export function useCarried(): Carried {
  return useContext(CarriedContext);
}
