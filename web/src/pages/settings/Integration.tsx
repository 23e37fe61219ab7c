import { useMemo, useState } from 'react';
import { Tabs } from 'widgets/layout/Tabs';
import { ViewLink } from 'widgets/page/ViewLink';
import { Code } from 'widgets/text/Code';
import { waysOf } from './ways';
import type { SettingsAnswer } from './ServerView';

export function Integration({ answer: { listen, auth } }: { answer: SettingsAnswer }) {
  const ways = useMemo(
    () => waysOf(window.location.origin, listen?.grpc ?? null, auth.keys_required),
    [listen, auth],
  );
  const [shown, setShown] = useState(ways[0]!.id);
  const way = ways.find(({ id }) => id === shown) ?? ways[0]!;
  return (
    <Tabs label="Ways to send" tabs={ways} value={way.id} onChange={setShown}>
      <div className="settings-way">
        <p className="dim">{way.text}</p>
        <Code text={way.code} />
        {auth.keys_required && (
          <p className="dim">
            PITOT_KEY is a key with the scope {way.id === 'gateway' ? 'gateway' : 'ingest'}:{' '}
            <ViewLink to="/settings/keys">make one</ViewLink>.
          </p>
        )}
      </div>
    </Tabs>
  );
}
