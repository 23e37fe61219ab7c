import type { SpanKind } from 'api/types';
import { Icon } from './Icon';
import './KindIcon.css';

export function KindIcon({ kind }: { kind: SpanKind }) {
  return (
    <span className={`kind-icon kind-${kind}`} title={kind}>
      <Icon name={kind} />
    </span>
  );
}
