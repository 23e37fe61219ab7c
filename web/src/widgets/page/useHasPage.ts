import { useRouter } from '@tanstack/react-router';

// Whether there is such a page. Links to pages that are not there are not shown.
export function useHasPage(path: string): boolean {
  return path in useRouter().routesByPath;
}
