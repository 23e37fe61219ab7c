import { lazyRouteComponent } from '@tanstack/react-router';
import { searchOf, type Page } from 'widgets/page/page';

export const qualityPage: Page = {
  path: '/quality',
  search: searchOf('prompt', 'a', 'b', 'share'),
  view: lazyRouteComponent(() => import('./QualityView'), 'QualityView'),
};
