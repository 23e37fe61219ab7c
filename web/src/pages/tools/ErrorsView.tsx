// What fails, by class, with examples that lead to their spans.

import { useSearch } from '@tanstack/react-router';
import { useGet } from 'api/query';
import { FirstSpan, useAnything } from 'widgets/layout/FirstSpan';
import { TabLinks } from 'widgets/layout/TabLinks';
import { errorOfFilter } from 'widgets/page/errorOfFilter';
import { PageFrame, Panels } from 'widgets/page/PageFrame';
import { useView } from 'widgets/page/useView';
import { ClassesPanel } from './ClassesPanel';
import { CoursePanel } from './CoursePanel';
import { ExamplesPanel } from './ExamplesPanel';
import { FRESH_MS } from './fresh';
import { TOOLS_LINKS } from './links';
import './tools.css';

const EXAMPLES = 10;
const POINTS = 96;

export function ErrorsView() {
  const view = useView();
  const search: { class?: string } = useSearch({ strict: false });
  const everyMs = view.live && FRESH_MS;
  const errors = useGet('/api/v1/errors', { ...view.params, examples: EXAMPLES }, { everyMs });
  const series = useGet(
    '/api/v1/series',
    { ...view.params, by: 'error_category', groups: 14, points: POINTS, measures: 'errors' },
    { everyMs },
  );
  // Empty because of the window and the filter, or because nothing was ever sent?
  const anything = useAnything(errors.data?.spans === 0);
  if (anything === false) return <FirstSpan />;
  const chosen = search.class ?? errors.data?.categories[0]?.category;
  const open = errors.data?.categories.find(({ category }) => category === chosen);
  return (
    <PageFrame
      title="Errors"
      view={view}
      filter
      filterError={errorOfFilter(errors.error)}
      tabs={<TabLinks label="Tools and errors" links={TOOLS_LINKS} />}
    >
      <Panels>
        <ClassesPanel
          errors={errors}
          series={series.data}
          chosen={chosen}
          onChoose={(next) => view.change({ class: next })}
        />
        {open && <ExamplesPanel open={open} />}
        <CoursePanel series={series} view={view} />
      </Panels>
    </PageFrame>
  );
}
