// Copies a trace, or one of its spans: as a link, as JSON, as the command that asks for it.

import { useApi } from 'api/context';
import { useToast } from 'widgets/overlay/Toast';
import { Menu } from 'widgets/overlay/Menu';
import { curlOf, linkOf } from './copy';

interface CopyMenuProps {
  traceId: string;
  spanId?: string;
}

export function CopyMenu({ traceId, spanId }: CopyMenuProps) {
  const api = useApi();
  const copy = useCopy();
  const origin = window.location.origin;
  const what = spanId === undefined ? 'trace' : 'span';
  const read = async () => {
    const answer =
      spanId === undefined
        ? await api.get('/api/v1/traces/{trace_id}', { trace_id: traceId })
        : await api.get('/api/v1/traces/{trace_id}/spans/{span_id}', {
            trace_id: traceId,
            span_id: spanId,
          });
    return JSON.stringify(answer, null, 2);
  };
  return (
    <Menu
      label={`Copy the ${what}`}
      icon="copy"
      small
      items={[
        {
          label: 'Copy link',
          onSelect: () => copy('The link was copied', linkOf(origin, traceId, spanId)),
        },
        {
          label: `Copy ${what} as JSON`,
          onSelect: () => copy(`The ${what} was copied as JSON`, read()),
        },
        {
          label: 'Copy as curl',
          onSelect: () => copy('The command was copied', curlOf(origin, traceId, spanId)),
        },
        {
          label: `Copy ${what} id`,
          onSelect: () => copy('The id was copied', spanId ?? traceId),
        },
      ]}
    />
  );
}

// Says what was copied, or why not.
export function useCopy(): (said: string, text: string | Promise<string>) => void {
  const say = useToast();
  return (said, text) => {
    const write = async () => {
      const read = await text;
      try {
        await navigator.clipboard.writeText(read);
      } catch {
        throw new Error('The browser refused to copy');
      }
    };
    write().then(
      () => say(said),
      (error: Error) => say(error.message, 'bad'),
    );
  };
}
