import { createRootRoute, createRoute, createRouter, type AnyRoute } from '@tanstack/react-router';
import type { QueryClient } from '@tanstack/react-query';
import type { Api } from 'api/client';
import { PAGES } from './pages';
import { NotFound, PageFailed, PagePending, Shell } from './Shell';

// ?q=kind+%3D+llm, as a person would write it and other tools too, instead of JSON in the address.
function parseSearch(text: string): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(text));
}

function stringifySearch(search: Record<string, unknown>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(search)) {
    if (value !== undefined && value !== null && value !== '') query.set(name, String(value));
  }
  const text = query.toString();
  return text && `?${text}`;
}

export function createAppRouter(queries: QueryClient, api: Api) {
  const root = createRootRoute({
    component: Shell,
    notFoundComponent: NotFound,
    errorComponent: PageFailed,
  });
  const routes: AnyRoute[] = PAGES.map((page) =>
    createRoute({
      getParentRoute: () => root,
      path: page.path,
      validateSearch: page.search,
      component: page.view,
      ...(page.begin && {
        // Not for a link that is only pointed at.
        loader: ({ params, preload }: { params: Record<string, string>; preload: boolean }) => {
          if (!preload) page.begin!({ params, queries, api });
        },
      }),
    }),
  );
  return createRouter({
    routeTree: root.addChildren(routes),
    parseSearch,
    stringifySearch,
    // The code of a page is loaded when somebody is about to go there.
    defaultPreload: 'intent',
    defaultPendingMs: 300,
    defaultPendingComponent: PagePending,
  });
}
