// Class names of those that hold: classes('row', selected && 'selected').
export function classes(...names: (string | false | null | undefined)[]): string {
  return names.filter(Boolean).join(' ');
}
