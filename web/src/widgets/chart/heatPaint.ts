// Draws the cells of a heat map: one pixel a cell, stretched by the browser, so that a hundred thousand
// cells cost one pass over the counts.

import { resolveColor } from 'base/colors';
import { heatOf, maxCount, rowsOf, type HeatData } from './heat';

const STEPS = ['--heat-0', '--heat-1', '--heat-2', '--heat-3', '--heat-4'];
const COLORS = 256;

// What it took is in the browser's performance timeline, as the measure "heat-map-paint".
export function paintHeat(
  canvas: HTMLCanvasElement,
  width: number,
  height: number,
  data: HeatData,
): void {
  const start = performance.now();
  const [columns, rows] = [data.times.length, rowsOf(data)];
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  canvas.width = Math.max(1, columns);
  canvas.height = Math.max(1, rows);
  const context = canvas.getContext('2d')!;
  const image = context.createImageData(canvas.width, canvas.height);
  const colors = ramp();
  const max = maxCount(data);
  data.counts.forEach((column, c) =>
    column.forEach((count, r) => {
      const heat = Math.round(heatOf(count, max) * (COLORS - 1));
      image.data.set(colors[heat]!, 4 * ((rows - 1 - r) * columns + c));
    }),
  );
  context.putImageData(image, 0, 0);
  performance.measure('heat-map-paint', { start });
}

// COLORS colours from none to most.
function ramp(): number[][] {
  const stops = STEPS.map((name) => {
    const [red = 0, green = 0, blue = 0] = (
      resolveColor(`var(${name})`).match(/[\d.]+/g) ?? []
    ).map(Number);
    return [red, green, blue];
  });
  return Array.from({ length: COLORS }, (_, i) => {
    const at = (i / (COLORS - 1)) * (stops.length - 1);
    const low = Math.min(stops.length - 2, Math.floor(at));
    const mix = [0, 1, 2].map((part) => {
      const [a, b] = [stops[low]![part]!, stops[low + 1]![part]!];
      return a + (b - a) * (at - low);
    });
    return [...mix, 255];
  });
}
