// A part of something wide, chosen by dragging over it; all places as shares of its width.

import { useState } from 'react';

const DRAG_MIN_PX = 4;

export interface Brush {
  part: { from: number; to: number } | null; // While it is dragged.
  handlers: {
    onPointerDown: (event: React.PointerEvent) => void;
    onPointerMove: (event: React.PointerEvent) => void;
    onPointerUp: (event: React.PointerEvent) => void;
    onPointerCancel: () => void;
  };
}

export function useBrush(
  onPart: (from: number, to: number) => void,
  onClick?: (at: number) => void,
): Brush {
  const [drag, setDrag] = useState<{ began: number; at: number } | null>(null);
  const shareOf = (event: React.PointerEvent) => {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    return Math.min(1, Math.max(0, (event.clientX - left) / Math.max(1, width)));
  };
  const part = drag && { from: Math.min(drag.began, drag.at), to: Math.max(drag.began, drag.at) };
  return {
    part,
    handlers: {
      onPointerDown: (event) => {
        if (event.button !== 0) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        const at = shareOf(event);
        setDrag({ began: at, at });
      },
      onPointerMove: (event) => {
        if (drag) setDrag({ began: drag.began, at: shareOf(event) });
      },
      onPointerUp: (event) => {
        if (!drag || !part) return;
        setDrag(null);
        const width = event.currentTarget.getBoundingClientRect().width;
        if ((part.to - part.from) * width >= DRAG_MIN_PX) onPart(part.from, part.to);
        else onClick?.(drag.at);
      },
      onPointerCancel: () => setDrag(null),
    },
  };
}
