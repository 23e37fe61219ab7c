// The part of an address that a saved view keeps.

export type SavedSearch = Readonly<Record<string, string>>;

export function pickSearch(search: object, names: readonly string[]): SavedSearch {
  const all = search as Record<string, unknown>;
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = all[name];
      return typeof value === 'string' && value !== '' ? [[name, value]] : [];
    }),
  );
}

export function sameSearch(a: SavedSearch, b: SavedSearch): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}

export function viewUrl(origin: string, page: string, search: SavedSearch): string {
  const text = new URLSearchParams(search).toString();
  return `${origin}${page}${text && `?${text}`}`;
}

// What the view shows, for those who are about to save it.
export function describeSearch(search: SavedSearch): readonly string[] {
  return Object.entries(search).map(([name, value]) => `${name} = ${value}`);
}
