// The frame of both charts: axes, a crosshair, what stands beside it, a click.

import { useRef, useState, type ReactNode } from 'react';
import { useWidth } from 'base/width';

const MARGIN = { top: 8, right: 12, bottom: 22, left: 58 };

export interface Place {
  width: number; // Of the plot inside its margins.
  height: number;
}

export interface Tick {
  at: number; // Pixels from the left, or from the top.
  text: string;
}

interface PlotProps<Item> {
  label: string; // What it shows, in words: the table below has the figures.
  height: number;
  ticksX: (place: Place) => Tick[];
  ticksY: (place: Place) => Tick[];
  children: (place: Place) => ReactNode;
  itemAt: (x: number, place: Place) => Item | null;
  describe: (item: Item) => ReactNode;
  xOf: (item: Item, place: Place) => number;
  onPick: (item: Item) => void;
}

export function Plot<Item>(props: PlotProps<Item>) {
  const frame = useRef<HTMLDivElement>(null);
  const outer = useWidth(frame);
  const [pointed, setPointed] = useState<Item | null>(null);
  const place = {
    width: Math.max(0, outer - MARGIN.left - MARGIN.right),
    height: props.height - MARGIN.top - MARGIN.bottom,
  };
  const itemOf = (event: React.PointerEvent | React.MouseEvent) => {
    const { left } = event.currentTarget.getBoundingClientRect();
    return props.itemAt(event.clientX - left - MARGIN.left, place);
  };
  const x = pointed === null ? 0 : props.xOf(pointed, place) + MARGIN.left;
  return (
    <div
      ref={frame}
      className="spend-plot"
      style={{ height: props.height }}
      onPointerMove={(event) => setPointed(itemOf(event))}
      onPointerLeave={() => setPointed(null)}
      onClick={(event) => {
        const item = itemOf(event);
        if (item !== null) props.onPick(item);
      }}
    >
      {outer > 0 && (
        <svg width={outer} height={props.height} role="img" aria-label={props.label}>
          <g transform={`translate(${MARGIN.left} ${MARGIN.top})`}>
            {props.ticksY(place).map(({ at, text }) => (
              <g key={text} transform={`translate(0 ${at})`}>
                <line className="spend-grid" x2={place.width} />
                <text className="spend-tick" x={-8} dy="0.32em" textAnchor="end">
                  {text}
                </text>
              </g>
            ))}
            {props.ticksX(place).map(({ at, text }) => (
              <text key={text} className="spend-tick" x={at} y={place.height + 16}>
                {text}
              </text>
            ))}
            {props.children(place)}
            {pointed !== null && (
              <line
                className="spend-cross"
                x1={x - MARGIN.left}
                x2={x - MARGIN.left}
                y2={place.height}
              />
            )}
          </g>
        </svg>
      )}
      {pointed !== null && (
        <div
          className="spend-tip"
          style={x > outer / 2 ? { right: outer - x + 10 } : { left: x + 10 }}
        >
          {props.describe(pointed)}
        </div>
      )}
    </div>
  );
}
