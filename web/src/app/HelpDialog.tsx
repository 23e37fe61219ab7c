import { Fragment } from 'react';
import { usePageShortcuts, type Shortcut } from 'base/shortcuts';
import { Dialog } from 'widgets/overlay/Dialog';
import { Kbd } from 'widgets/text/Kbd';
import { PLACES } from './pages';
import './HelpDialog.css';

const EVERYWHERE: readonly Shortcut[] = [
  { keys: ['/'], does: 'To the filter' },
  { keys: ['?'], does: 'This help' },
  { keys: ['Esc'], does: 'Close, or undo a zoom' },
];
const LISTS: readonly Shortcut[] = [
  { keys: ['j'], does: 'Next row' },
  { keys: ['k'], does: 'Row before' },
  { keys: ['Enter'], does: 'Open' },
];

export function HelpDialog({ onClose }: { onClose: () => void }) {
  const page = usePageShortcuts();
  const go = PLACES.map(({ key, label }) => ({ keys: ['g', key], does: label }));
  return (
    <Dialog title="Keys" onClose={onClose} width={620}>
      <div className="help">
        <Keys title="Go to" list={go} />
        <div>
          <Keys title="Everywhere" list={EVERYWHERE} />
          <Keys title="In lists" list={LISTS} />
          {page.length > 0 && <Keys title="On this page" list={page} />}
        </div>
      </div>
    </Dialog>
  );
}

function Keys({ title, list }: { title: string; list: readonly Shortcut[] }) {
  return (
    <section className="help-group">
      <h3>{title}</h3>
      <dl className="help-keys">
        {list.map(({ keys, does }) => (
          <Fragment key={keys.join(' ') + does}>
            <dt>
              {keys.map((key, i) => (
                <Kbd key={i}>{key}</Kbd>
              ))}
            </dt>
            <dd>{does}</dd>
          </Fragment>
        ))}
      </dl>
    </section>
  );
}
