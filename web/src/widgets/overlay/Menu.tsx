// A button that opens a list of things to do or to choose.

import { useEffect, useId, useRef, useState, type CSSProperties, type ReactNode } from 'react';
import { classes } from 'base/classes';
import { Icon, type IconName } from 'widgets/figures/Icon';
import './Menu.css';

export interface MenuItem {
  label: string;
  icon?: IconName;
  checked?: boolean; // A choice that can be on or off: the menu stays open.
  danger?: boolean;
  disabled?: boolean;
  onSelect: () => void;
}

interface MenuProps {
  label: string; // Of the button, for those who do not see it too.
  items: readonly MenuItem[];
  icon?: IconName;
  children?: ReactNode; // What the button shows; without it, the icon alone.
  small?: boolean;
}

export function Menu({ label, items, icon = 'more', children, small = false }: MenuProps) {
  const [place, setPlace] = useState<CSSProperties | null>(null);
  const open = place !== null;
  const setOpen = (on: boolean) => setPlace(on ? placeBeside(button.current!) : null);
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const id = useId();
  useEffect(() => {
    if (!open) return undefined;
    root.current?.querySelector<HTMLElement>('[role^=menuitem]')?.focus();
    const onDown = (event: PointerEvent) => {
      if (!root.current?.contains(event.target as Node)) setPlace(null);
    };
    const onScroll = (event: Event) => {
      if (!root.current?.contains(event.target as Node)) setPlace(null);
    };
    document.addEventListener('pointerdown', onDown);
    document.addEventListener('scroll', onScroll, true);
    return () => {
      document.removeEventListener('pointerdown', onDown);
      document.removeEventListener('scroll', onScroll, true);
    };
  }, [open]);

  const onKeyDown = (event: React.KeyboardEvent) => {
    if (!open) return;
    if (event.key === 'Escape' || event.key === 'Tab') {
      setOpen(false);
      button.current?.focus();
      if (event.key === 'Tab') return;
    } else {
      const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
      if (step === 0) return;
      const list = [...root.current!.querySelectorAll<HTMLElement>('[role^=menuitem]')];
      const at = list.indexOf(document.activeElement as HTMLElement);
      list[(at + step + list.length) % list.length]?.focus();
    }
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div className="menu" ref={root} onKeyDown={onKeyDown}>
      <button
        ref={button}
        type="button"
        className={classes('button', small && 'small', children === undefined && 'plain')}
        aria-haspopup="menu"
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        aria-label={label}
        title={children === undefined ? label : undefined}
        onClick={() => setOpen(!open)}
      >
        <Icon name={icon} />
        {children}
      </button>
      {open && (
        <div className="menu-list" role="menu" id={id} aria-label={label} style={place}>
          {items.map((item) => (
            <button
              key={item.label}
              type="button"
              role={item.checked === undefined ? 'menuitem' : 'menuitemcheckbox'}
              aria-checked={item.checked}
              className={classes('menu-item', item.danger && 'bad')}
              disabled={item.disabled}
              tabIndex={-1}
              onClick={() => {
                if (item.checked === undefined) {
                  setOpen(false);
                  button.current?.focus();
                }
                item.onSelect();
              }}
            >
              <span className="menu-mark">
                {item.checked ? <Icon name="check" /> : item.icon && <Icon name={item.icon} />}
              </span>
              {item.label}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}

const ROOM_PX = 260;

// Below the button, or above it where there is more room. Fixed, so that no scrolled box cuts it off.
function placeBeside(button: HTMLElement): CSSProperties {
  const { top, bottom, left, right } = button.getBoundingClientRect();
  const up = window.innerHeight - bottom < ROOM_PX && top > window.innerHeight - bottom;
  return {
    ...(up ? { bottom: window.innerHeight - top + 4 } : { top: bottom + 4 }),
    ...(right > ROOM_PX ? { right: window.innerWidth - right } : { left }),
  };
}
