import 'base/tokens.css';
import 'base/base.css';

import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { ApiError, createApi } from 'api/client';
import { ApiProvider } from 'api/context';
import { toLogin, wasAnswered } from './login';
import { createAppRouter } from './router';

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      // The server's "no" stays a no; only its absence and its overload pass.
      retry: (count, error) =>
        count < 2 && (!(error instanceof ApiError) || error.status === 0 || error.status === 503),
      refetchOnWindowFocus: false,
      networkMode: 'always',
    },
  },
});
const api = createApi(async (input, init) => {
  const response = await fetch(input, init);
  if (response.ok) wasAnswered();
  return response;
}, toLogin);
const router = createAppRouter(queries, api);

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <ApiProvider value={api}>
        <RouterProvider router={router} />
      </ApiProvider>
    </QueryClientProvider>
  </StrictMode>,
);
