import { useGet } from 'api/query';

export interface Rights {
  known: boolean; // Who asks has been answered.
  admin: boolean; // May change keys, prices and data.
  keysRequired: boolean;
  scopes: readonly string[]; // Of the key one is logged in with; none: none is needed.
}

// What the reader may do. Without keys everybody may do everything.
export function useRights(): Rights {
  const session = useGet('/api/v1/session', {}, { staleMs: 10_000 }).data;
  const scopes = session?.key?.scopes ?? [];
  return {
    known: session !== undefined,
    admin: session === undefined || !session.keys_required || scopes.includes('admin'),
    keysRequired: session?.keys_required ?? false,
    scopes,
  };
}
