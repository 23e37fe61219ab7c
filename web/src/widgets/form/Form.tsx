// Fields of forms, each with its label, a hint, and what is wrong with it.
//
//   <Form onSubmit={() => save.run(draft)} error={save.error}>
//     <TextField label="Id" value={id} onChange={setId} required />
//     <NumberField label="Limit" unit="USD" value={limit} onChange={setLimit} min={0} />
//     <SelectField label="Window" value={window} options={WINDOWS} onChange={setWindow} />
//     <CheckField label="Refuse calls beyond it" checked={hard} onChange={setHard} />
//     <FormButtons><button type="submit" className="button main">Save</button></FormButtons>
//   </Form>

import { useId, type ReactNode } from 'react';
import './Form.css';

export function Form({
  onSubmit,
  error = null,
  children,
}: {
  onSubmit: () => void;
  error?: string | null; // The server's words.
  children: ReactNode;
}) {
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit();
      }}
    >
      {children}
      {error !== null && (
        <p className="form-error" role="alert">
          {error}
        </p>
      )}
    </form>
  );
}

export function FormButtons({ children }: { children: ReactNode }) {
  return <div className="form-buttons">{children}</div>;
}

interface FieldProps {
  label: string;
  hint?: ReactNode;
  error?: string | null | undefined;
  disabled?: boolean;
  required?: boolean;
}

interface Ids {
  id: string;
  'aria-describedby': string | undefined;
  'aria-invalid': boolean;
  disabled: boolean;
  required: boolean;
}

// What the label, the hint and the error have in common; `children` makes the control itself.
export function Labelled(props: FieldProps & { children: (ids: Ids) => ReactNode }) {
  const { label, hint, error, disabled = false, required = false, children } = props;
  const id = useId();
  const said = error ?? hint;
  return (
    <div className="form-field">
      <label htmlFor={id}>{label}</label>
      {children({
        id,
        'aria-describedby': said ? `${id}-said` : undefined,
        'aria-invalid': Boolean(error),
        disabled,
        required,
      })}
      {said && (
        <p id={`${id}-said`} className={error ? 'form-said bad' : 'form-said'}>
          {said}
        </p>
      )}
    </div>
  );
}

interface TextFieldProps extends FieldProps {
  value: string;
  onChange: (value: string) => void;
  placeholder?: string;
  mono?: boolean;
  lines?: number; // More than one: a text area.
}

export function TextField(props: TextFieldProps) {
  const { value, onChange, placeholder, mono = false, lines = 1, ...field } = props;
  const className = mono ? 'field mono' : 'field';
  return (
    <Labelled {...field}>
      {(ids) =>
        lines > 1 ? (
          <textarea
            {...ids}
            className={className}
            rows={lines}
            value={value}
            placeholder={placeholder}
            spellCheck={!mono}
            onChange={(event) => onChange(event.target.value)}
          />
        ) : (
          <input
            {...ids}
            className={className}
            value={value}
            placeholder={placeholder}
            spellCheck={false}
            autoComplete="off"
            onChange={(event) => onChange(event.target.value)}
          />
        )
      }
    </Labelled>
  );
}

interface NumberFieldProps extends FieldProps {
  value: number | null;
  onChange: (value: number | null) => void; // null: empty.
  unit?: string;
  min?: number;
  max?: number;
  step?: number;
}

export function NumberField(props: NumberFieldProps) {
  const { value, onChange, unit, min, max, step, ...field } = props;
  return (
    <Labelled {...field} label={unit ? `${field.label}, ${unit}` : field.label}>
      {(ids) => (
        <input
          {...ids}
          className="field"
          type="number"
          value={value ?? ''}
          min={min}
          max={max}
          step={step ?? 'any'}
          onChange={(event) =>
            onChange(event.target.value === '' ? null : event.target.valueAsNumber)
          }
        />
      )}
    </Labelled>
  );
}

export interface SelectOption<Value extends string> {
  value: Value;
  label: string;
}

interface SelectFieldProps<Value extends string> extends FieldProps {
  value: Value;
  options: readonly SelectOption<Value>[];
  onChange: (value: Value) => void;
}

export function SelectField<Value extends string>(props: SelectFieldProps<Value>) {
  const { value, options, onChange, ...field } = props;
  return (
    <Labelled {...field}>
      {(ids) => (
        <select
          {...ids}
          className="field"
          value={value}
          onChange={(event) => onChange(event.target.value as Value)}
        >
          {options.map((option) => (
            <option key={option.value} value={option.value}>
              {option.label}
            </option>
          ))}
        </select>
      )}
    </Labelled>
  );
}

interface CheckFieldProps {
  label: string;
  checked: boolean;
  onChange: (checked: boolean) => void;
  hint?: ReactNode;
  disabled?: boolean;
}

export function CheckField({ label, checked, onChange, hint, disabled = false }: CheckFieldProps) {
  const id = useId();
  return (
    <div className="form-check">
      <input
        id={id}
        type="checkbox"
        checked={checked}
        disabled={disabled}
        aria-describedby={hint ? `${id}-said` : undefined}
        onChange={(event) => onChange(event.target.checked)}
      />
      <label htmlFor={id}>{label}</label>
      {hint && (
        <p id={`${id}-said`} className="form-said">
          {hint}
        </p>
      )}
    </div>
  );
}
