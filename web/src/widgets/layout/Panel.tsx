// A part of a page with a title of its own. Given the state of a query it shows what is missing: that it
// is being read, the server's own words when it failed, with a retry, or that there is nothing.
//
//   const tools = useGet('/api/v1/tools', view.params);
//   <Panel title="Tools" cols={6} state={tools} link={{ to: '/tools', label: 'All tools' }}
//          empty={(answer) => answer.tools.length === 0 && <EmptyState title="No tool was called" />}>
//     {(answer) => <ToolTable tools={answer.tools} />}
//   </Panel>

import type { ReactNode } from 'react';
import { useId } from 'react';
import { classes } from 'base/classes';
import { Help } from 'widgets/overlay/Help';
import { ErrorNotice, Waiting } from './Notice';
import { errorOfFilter } from 'widgets/page/errorOfFilter';
import { useHasPage } from 'widgets/page/useHasPage';
import { ViewLink } from 'widgets/page/ViewLink';
import { Icon } from 'widgets/figures/Icon';
import './Panel.css';

// What a query's result offers; useGet's has it all.
export interface PanelState<T> {
  data: T | undefined;
  error: Error | null;
  isPlaceholderData?: boolean;
  refetch: () => unknown;
}

interface PanelFrame {
  title: string;
  help?: ReactNode; // What is counted, of what, by which time; behind a question mark.
  note?: ReactNode; // Beside the title: a total.
  link?: { to: string; label: string; search?: Record<string, string | undefined> };
  actions?: ReactNode;
  cols?: 3 | 4 | 5 | 6 | 7 | 8 | 9 | 12; // Of twelve, where there is room.
  flush?: boolean; // No space around: tables.
  className?: string;
}

interface PlainPanel extends PanelFrame {
  state?: undefined;
  children: ReactNode;
}

interface StatePanel<T> extends PanelFrame {
  state: PanelState<T>;
  empty?: (data: T) => ReactNode; // What to show instead, when there is nothing; else false.
  children: (data: T) => ReactNode;
}

export function Panel<T>(props: PlainPanel | StatePanel<T>) {
  const { title, help, note, link, actions, cols = 12, flush = false, className } = props;
  const id = useId();
  return (
    <section
      className={classes('card', `card-${cols}`, flush && 'card-flush', className)}
      aria-labelledby={id}
    >
      <header className="card-head">
        <h2 id={id}>{title}</h2>
        {help !== undefined && <Help about={title}>{help}</Help>}
        {note !== undefined && <span className="card-note">{note}</span>}
        <span className="card-space" />
        {actions}
        {link && <PanelLink {...link} />}
      </header>
      {props.state === undefined ? (
        <div className="card-body">{props.children}</div>
      ) : (
        <StateBody state={props.state} {...(props.empty && { empty: props.empty })}>
          {props.children}
        </StateBody>
      )}
    </section>
  );
}

function PanelLink({ to, label, search }: NonNullable<PanelFrame['link']>) {
  if (!useHasPage(to)) return null;
  return (
    <ViewLink to={to} {...(search && { search })} className="card-link">
      {label}
      <Icon name="open" />
    </ViewLink>
  );
}

function StateBody<T>({
  state,
  empty,
  children,
}: {
  state: PanelState<T>;
  empty?: (data: T) => ReactNode;
  children: (data: T) => ReactNode;
}) {
  const { data, error } = state;
  // The filter bar says what is wrong with it; once is enough.
  if (errorOfFilter(error) !== null) {
    return (
      <div className="card-body card-center dim">Nothing is shown while the filter is wrong.</div>
    );
  }
  if (data === undefined) {
    return (
      <div className="card-body card-center">
        {error ? (
          <ErrorNotice error={error} retry={() => void state.refetch()} />
        ) : (
          <Waiting title="Reading …" />
        )}
      </div>
    );
  }
  const nothing = empty?.(data) || null;
  return (
    <div
      className={classes(
        'card-body',
        nothing !== null && 'card-center',
        state.isPlaceholderData && 'card-old',
      )}
      aria-busy={state.isPlaceholderData}
    >
      {error && (
        <p className="card-stale warn" role="alert">
          Not up to date: {error.message}{' '}
          <button type="button" className="button small" onClick={() => void state.refetch()}>
            Try again
          </button>
        </p>
      )}
      {nothing ?? children(data)}
    </div>
  );
}
