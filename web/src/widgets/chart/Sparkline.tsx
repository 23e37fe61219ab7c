// A course of a figure in a few pixels, for cells of tables: no axes, no words but its label.

import './Sparkline.css';

interface SparklineProps {
  label: string;
  values: readonly (number | null)[];
  color?: string;
  width?: number;
  height?: number;
}

export function Sparkline(props: SparklineProps) {
  const { label, values, color = 'var(--accent)', width = 90, height = 20 } = props;
  return (
    <svg
      className="sparkline"
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      role="img"
      aria-label={label}
    >
      <path d={sparkPath(values, width, height)} fill="none" stroke={color} strokeWidth="1.4" />
    </svg>
  );
}

// From zero, so that a small change looks small. Unknown values leave gaps; one alone is a dot.
export function sparkPath(
  values: readonly (number | null)[],
  width: number,
  height: number,
): string {
  const max = Math.max(...values.map((value) => value ?? 0));
  const step = values.length > 1 ? width / (values.length - 1) : 0;
  const y = (value: number) => height - 1 - (max > 0 ? value / max : 0) * (height - 2);
  let path = '';
  let drawing = false;
  values.forEach((value, i) => {
    if (value === null) {
      drawing = false;
      return;
    }
    const [x0, y0] = [(i * step).toFixed(1), y(value).toFixed(1)];
    const alone = !drawing && (values[i + 1] ?? null) === null;
    path += drawing ? `L${x0} ${y0}` : `M${x0} ${y0}${alone ? 'h1' : ''}`;
    drawing = true;
  });
  return path;
}
