import { useSearch } from '@tanstack/react-router';
import type { View } from 'widgets/page/useView';

export type Burner = 'feature' | 'workflow' | 'user_id' | 'model';

const KNOWN: readonly string[] = ['feature', 'workflow', 'user_id', 'model'];

// By what the burners are told apart: in the address, so that a link shows the same.
export function useBurners(view: View): [Burner, (by: Burner) => void] {
  const { burners = '' }: { burners?: string } = useSearch({ strict: false });
  const by = KNOWN.includes(burners) ? (burners as Burner) : 'feature';
  return [by, (next) => view.change({ burners: next })];
}
