import { EmptyState } from 'widgets/layout/EmptyState';
import type { Rights } from './rights';

// Said instead of what only admins may see or do.
export function NeedsAdmin({ rights, to }: { rights: Rights; to: string }) {
  return (
    <EmptyState title="This takes a key with the scope admin" command="pitot key list --key KEY">
      The key you are logged in with may {rights.scopes.join(', ') || 'do nothing here'}. To {to},
      log out and in again with an admin key, or ask who has one.
    </EmptyState>
  );
}
