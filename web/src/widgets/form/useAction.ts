// Something a person does that changes the server: it is sent with the session's token, the answers it
// makes stale are read again, and what came of it is said in words.
//
//   const enable = useAction((api, id: string) =>
//     api.post('/api/v1/budgets/{budget_id}/enable', { budget_id: id }),
//     { done: 'The budget is enabled', refresh: ['/api/v1/budgets'] });
//   <button disabled={enable.busy} onClick={() => enable.run(id)}>

import type { Api } from 'api/client';
import { useChange } from 'api/query';
import type { paths } from 'api/schema';
import { useToast } from 'widgets/overlay/Toast';

interface ActionOptions<Input, Result> {
  done?: string | ((result: Result, input: Input) => string);
  refresh?: readonly (keyof paths)[];
  // After it worked: close the dialog, go elsewhere.
  then?: (result: Result, input: Input) => void;
  // The dialog shows `error` itself.
  quiet?: boolean;
}

export interface Action<Input> {
  run: (input: Input) => void;
  busy: boolean;
  error: string | null;
}

export function useAction<Input, Result>(
  change: (api: Api, input: Input) => Promise<Result>,
  { done, refresh = [], then, quiet = false }: ActionOptions<Input, Result> = {},
): Action<Input> {
  const say = useToast();
  const { mutate, isPending, error } = useChange(change, refresh);
  return {
    run: (input) =>
      mutate(input, {
        onSuccess: (result) => {
          if (done !== undefined) say(typeof done === 'string' ? done : done(result, input));
          then?.(result, input);
        },
        onError: (failure) => {
          if (!quiet) say(failure.message, 'bad');
        },
      }),
    busy: isPending,
    error: error?.message ?? null,
  };
}
