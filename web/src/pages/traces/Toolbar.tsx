// The row below the head: which list, how it is looked through, and what to do with it.

import { Choice } from 'widgets/form/Choice';
import { Icon } from 'widgets/figures/Icon';
import { TabLinks } from 'widgets/layout/TabLinks';
import { SavedViews } from 'widgets/page/SavedViews';
import type { View } from 'widgets/page/useView';
import { TRACES_LINKS } from './links';
import type { TraceList } from './list/useTraces';

const SAVED = ['since', 'until', 'q', 'cols', 'mode', 'text', 'live'];

const LIVE_WORDS: Record<TraceList['live'], string> = {
  off: 'Paused: new traces are not shown by themselves',
  connecting: 'Connecting to the live stream',
  open: 'New traces appear by themselves',
  retrying: 'The live stream is away; trying again',
  paused: 'Paused while this tab is hidden',
};

interface ToolbarProps {
  list: TraceList;
  view: View;
  searching: boolean;
  onSearching: (on: boolean) => void;
  live: boolean;
  cols: string | null; // null: the usual columns.
  onColumns: () => void;
  onExport: () => void;
}

export function Toolbar(props: ToolbarProps) {
  const { list, view, searching, onSearching, live, cols, onColumns, onExport } = props;
  return (
    <div className="traces-bar">
      <TabLinks label="Lists" links={TRACES_LINKS} />
      <Choice
        label="Look through"
        value={searching ? 'text' : 'list'}
        options={[
          { value: 'list', label: 'Filter' },
          { value: 'text', label: 'Search text' },
        ]}
        onChange={(value) => onSearching(value === 'text')}
      />
      <span className="traces-space" />
      <SavedViews page="/traces" names={SAVED} else={{ ...(cols !== null && { cols }) }} />
      {!searching && (
        <>
          <LiveSwitch list={list} view={view} live={live} />
          <button type="button" className="button" onClick={onColumns}>
            <Icon name="columns" />
            Columns
          </button>
        </>
      )}
      <button type="button" className="button" onClick={onExport}>
        <Icon name="external" />
        Export
      </button>
    </div>
  );
}

function LiveSwitch({ list, view, live }: { list: TraceList; view: View; live: boolean }) {
  const words = view.live
    ? LIVE_WORDS[list.live]
    : 'This window has an end: what is new is not in it';
  return (
    <button
      type="button"
      className="button"
      aria-pressed={live && view.live}
      disabled={!view.live}
      title={words}
      onClick={() => view.change({ live: live ? '0' : undefined })}
    >
      <span className={`live-dot live-${list.live}`} aria-hidden="true" />
      Live
      <span className="sr-only">: {words}</span>
    </button>
  );
}
