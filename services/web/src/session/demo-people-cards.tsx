'use client';

import { Avatar } from '../ui/avatar.tsx';
import { Spinner } from '../ui/button.tsx';
import { Icon } from '../ui/icon.tsx';
import { formatPhone } from '../format/phone.ts';
import { DEMO_PEOPLE } from './demo-people.ts';

interface DemoPeopleProps {
  /** The key that is being tried. */
  busyWith: string | undefined;
  onChoose: (key: string) => void;
  /** Somebody who is here already, by name. */
  except?: string;
}

export function DemoPeople({ busyWith, onChoose, except }: DemoPeopleProps) {
  return (
    <ul className="grid gap-2">
      {DEMO_PEOPLE.filter(({ name }) => name !== except).map(({ key, name, about, phone }) => (
        <li key={key}>
          <button
            type="button"
            disabled={busyWith !== undefined}
            onClick={() => onChoose(key)}
            className="group flex w-full items-center gap-3 rounded-card border bg-surface p-3 text-left shadow-low transition-colors hover:border-accent disabled:cursor-progress"
          >
            <Avatar name={name} className="size-10" />
            <span className="min-w-0 flex-1">
              <span className="block font-medium">{name}</span>
              <span className="block text-[13px] text-muted tabular-nums">
                {phone === undefined ? about : `${about} · ${formatPhone(phone)}`}
              </span>
            </span>
            {busyWith === key ? (
              <Spinner className="text-accent" />
            ) : (
              <Icon
                name="arrowRight"
                className="text-faint transition-transform group-hover:translate-x-0.5 group-hover:text-accent"
              />
            )}
          </button>
        </li>
      ))}
    </ul>
  );
}
