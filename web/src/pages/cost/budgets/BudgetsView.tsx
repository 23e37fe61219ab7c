// Budgets: how far each is, what it refused, and all that can be done with it.

import { useSearch } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { useGet } from 'api/query';
import type { Schema } from 'api/types';
import { formatDuration, plural } from 'base/format';
import { Icon } from 'widgets/figures/Icon';
import { Panel } from 'widgets/layout/Panel';
import { TabLinks } from 'widgets/layout/TabLinks';
import { PageFrame, Panels } from 'widgets/page/PageFrame';
import { useView } from 'widgets/page/useView';
import { DataTable } from 'widgets/table/DataTable';
import { COST_LINKS } from '../links';
import { BudgetForm } from './BudgetForm';
import { BudgetPanel } from './BudgetPanel';
import { COLUMNS } from './columns';
import { draftOf, EMPTY, type Draft } from './draft';
import { FirstBudget } from './FirstBudget';
import { DisableDialog, EnableDialog, RemoveDialog, type Switched } from './SwitchDialog';
import { stateOf, type Budget } from './state';
import './budgets.css';

const FRESH_MS = 5_000;
const ROWS_SEEN = 13;

type Opened =
  | { what: 'form'; initial: Draft; before?: Budget }
  | { what: 'disable' | 'enable'; switched: Switched }
  | { what: 'remove'; budget: Budget };

export function BudgetsView() {
  const view = useView();
  const { budget: chosen }: { budget?: string } = useSearch({ strict: false });
  const budgets = useGet('/api/v1/budgets', {}, { everyMs: FRESH_MS });
  const [opened, setOpened] = useState<Opened | null>(null);
  const close = () => setOpened(null);
  const list = useMemo(
    () =>
      [...(budgets.data?.budgets ?? [])].sort(
        (a, b) => stateOf(a).rank - stateOf(b).rank || b.refused - a.refused,
      ),
    [budgets.data],
  );
  const shown = list.find(({ id }) => id === chosen);
  const choose = (id: string | undefined) => view.change({ budget: id });
  const make = (initial: Draft) => setOpened({ what: 'form', initial });
  return (
    <PageFrame
      title="Budgets"
      tabs={<TabLinks label="Cost" links={COST_LINKS} />}
      actions={
        <button type="button" className="button" onClick={() => make(EMPTY)}>
          <Icon name="plus" />
          New budget
        </button>
      }
    >
      <Panels>
        {budgets.data && <Ledger ledger={budgets.data.ledger} />}
        <Panel
          title="Budgets"
          flush
          help="How much calls through the gateway may cost. A soft one tells; a hard one reserves the most that a call can cost before it is sent, and refuses what does not fit. Spans that were sent here by programs count in none."
          note={list.length > 0 ? plural(list.length, 'budget') : undefined}
          state={budgets}
          empty={(answer) => answer.budgets.length === 0 && <FirstBudget onMake={make} />}
        >
          {() => (
            <DataTable
              label="Budgets"
              name="budgets"
              rows={list}
              columns={COLUMNS}
              rowKey={({ id }) => id}
              onOpen={({ id }) => choose(id === chosen ? undefined : id)}
              {...(chosen !== undefined && { active: chosen })}
              {...(list.length > ROWS_SEEN && { height: '430px' })}
            />
          )}
        </Panel>
        {shown && (
          <BudgetPanel
            key={shown.id}
            summary={shown}
            onEdit={(budget) =>
              setOpened({ what: 'form', initial: draftOf(budget), before: budget })
            }
            onDisable={(switched) => setOpened({ what: 'disable', switched })}
            onEnable={(switched) => setOpened({ what: 'enable', switched })}
            onRemove={(budget) => setOpened({ what: 'remove', budget })}
            onClose={() => choose(undefined)}
          />
        )}
      </Panels>
      {opened?.what === 'form' && (
        <BudgetForm
          initial={opened.initial}
          before={opened.before}
          taken={list.map(({ id }) => id)}
          onClose={close}
          onSaved={(id) => {
            close();
            choose(id);
          }}
        />
      )}
      {opened?.what === 'disable' && <DisableDialog what={opened.switched} onClose={close} />}
      {opened?.what === 'enable' && <EnableDialog what={opened.switched} onClose={close} />}
      {opened?.what === 'remove' && (
        <RemoveDialog
          budget={opened.budget}
          onClose={close}
          onRemoved={() => {
            close();
            choose(undefined);
          }}
        />
      )}
    </PageFrame>
  );
}

// Only what is wrong with the ledger: then hard budgets refuse calls for reasons of its own.
function Ledger({ ledger }: { ledger: Schema<'BudgetLedger'> }) {
  const { journal_error, redis_error, clock_behind_ms } = ledger;
  const troubles = [
    journal_error !== null &&
      `The ledger cannot be written, so hard budgets refuse calls: ${journal_error}`,
    redis_error !== null && `The budgets shared with other gateways: ${redis_error}`,
    clock_behind_ms > 0 &&
      `The clock went back by ${formatDuration(clock_behind_ms)}: windows wait until it has caught up.`,
  ].filter((text): text is string => text !== false);
  if (troubles.length === 0) return null;
  return (
    <Panel title="The ledger has trouble" className="budget-trouble">
      <ul className="budget-troubles" role="alert">
        {troubles.map((text) => (
          <li key={text}>{text}</li>
        ))}
      </ul>
    </Panel>
  );
}
