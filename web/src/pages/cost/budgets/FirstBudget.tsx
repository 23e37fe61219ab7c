import { Code } from 'widgets/text/Code';
import { FIRST, yamlOf, type Draft } from './draft';

// What a budget is, and a first one in two clicks.
export function FirstBudget({ onMake }: { onMake: (draft: Draft) => void }) {
  return (
    <div className="budget-first">
      <h3>No budget yet</h3>
      <p className="dim">
        A budget says how much calls through the gateway may cost. A soft one tells when it is
        exceeded. A hard one holds: before a call is sent, the most that it can cost is set aside,
        and what does not fit is refused.
      </p>
      <div className="budget-first-ones">
        {FIRST.map(({ title, text, draft }) => (
          <button
            key={draft.id}
            type="button"
            className="budget-first-one"
            onClick={() => onMake(draft)}
          >
            <strong>{title}</strong>
            <span>{text}</span>
          </button>
        ))}
      </div>
      <p className="dim">Or in pitot.yaml, where it is kept with the rest of the configuration:</p>
      <Code text={yamlOf(FIRST[1]!.draft)} label="Copy the lines" />
    </div>
  );
}
