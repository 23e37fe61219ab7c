import { useEffect, useRef } from 'react';
import { classes } from 'base/classes';
import { visibleText } from 'base/text';
import { Pill } from 'widgets/figures/Pill';
import { Panel } from 'widgets/layout/Panel';
import type { Doing } from './NoteDialog';
import { PointBody } from './PointBody';
import { STATUS_TONES, STATUS_WORDS, type AREAS, type Point } from './report';

interface AreaPanelProps {
  area: (typeof AREAS)[number];
  all: readonly Point[];
  points: readonly Point[]; // Those of them that are shown.
  open: string | undefined;
  openAll: boolean;
  onOpen: (id: string | undefined) => void;
  onDo: (doing: Doing) => void;
}

export function AreaPanel({ area, all, points, open, openAll, onOpen, onDo }: AreaPanelProps) {
  const good = all.filter(({ status }) => !['fail', 'insufficient_data'].includes(status)).length;
  return (
    <Panel title={area.title} note={`${area.asks} ${good} of ${all.length}`} flush>
      <ul className="points">
        {points.map((point) => (
          <PointRow
            key={point.id}
            point={point}
            open={openAll || point.id === open}
            wanted={point.id === open}
            onOpen={() => onOpen(point.id === open ? undefined : point.id)}
            onDo={onDo}
          />
        ))}
      </ul>
    </Panel>
  );
}

function PointRow({
  point,
  open,
  wanted,
  onOpen,
  onDo,
}: {
  point: Point;
  open: boolean;
  wanted: boolean;
  onOpen: () => void;
  onDo: (doing: Doing) => void;
}) {
  const { id, title, star, status, words, stops_launch } = point;
  const row = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (wanted) row.current?.scrollIntoView({ block: 'nearest' });
  }, [wanted]);
  return (
    <li ref={row} className={classes('point', stops_launch && 'point-stops')} id={`point-${id}`}>
      <button type="button" className="point-head" aria-expanded={open} onClick={onOpen}>
        <span className="point-id mono">
          {id}
          {star && (
            <span className="point-star" title="Without data it stops a launch">
              *
            </span>
          )}
        </span>
        <span className="point-status">
          <Pill tone={STATUS_TONES[status]}>{STATUS_WORDS[status]}</Pill>
        </span>
        <span className="point-title">{visibleText(title)}</span>
        {words !== '' && <span className="point-words dim">{visibleText(words)}</span>}
      </button>
      {open && <PointBody point={point} onDo={onDo} />}
    </li>
  );
}
