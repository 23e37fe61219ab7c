import { useToast } from 'widgets/overlay/Toast';
import { Menu, type MenuItem } from 'widgets/overlay/Menu';
import { csvOf, jsonOf, type Column } from './columns';

interface TableMenuProps<Row> {
  columns: readonly Column<Row>[];
  shown: readonly Column<Row>[];
  rows: readonly Row[];
  onShown: (ids: readonly string[]) => void;
}

// What can be done with a table: copy it, choose its columns.
export function TableMenu<Row>({ columns, shown, rows, onShown }: TableMenuProps<Row>) {
  const say = useToast();
  const copy = async (text: string) => {
    try {
      await navigator.clipboard.writeText(text);
      say(`Copied ${rows.length} rows`);
    } catch {
      say('The browser refused to copy', 'bad');
    }
  };
  // Columns of buttons say nothing elsewhere.
  const told = shown.filter(({ quiet }) => !quiet);
  const isShown = (column: Column<Row>) => shown.includes(column);
  const items: MenuItem[] = [
    { label: 'Copy as CSV', icon: 'copy', onSelect: () => void copy(csvOf(told, rows)) },
    { label: 'Copy as JSON', icon: 'copy', onSelect: () => void copy(jsonOf(told, rows)) },
    // The first column says what a row is: it stays.
    ...columns.slice(1).map((column) => ({
      label: column.label,
      checked: isShown(column),
      onSelect: () =>
        onShown(columns.filter((one) => isShown(one) !== (one === column)).map(({ id }) => id)),
    })),
  ];
  return <Menu label="Columns, copy" icon="more" items={items} small />;
}
