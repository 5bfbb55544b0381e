'use client';

import { useEffect, useRef, useState } from 'react';
import type { LetterFilter } from '../api/operations.ts';
import { Button } from '../ui/button.tsx';
import { Input, Select } from '../ui/field.tsx';
import { Icon } from '../ui/icon.tsx';
import { REASONS } from './letter-words.ts';

interface LetterFiltersProps {
  filter: LetterFilter;
  /** Between which one can choose. */
  channels: readonly string[];
  onChange: (filter: LetterFilter) => void;
}

const SEARCH_AFTER_MS = 300;
const LONGEST_SEARCH = 200;

/** What narrows the dead letters. */
export function LetterFilters({ filter, channels, onChange }: LetterFiltersProps) {
  const { channel, reason, state, group } = filter;
  return (
    <div className="flex w-full flex-wrap items-center gap-2">
      <Search onSearch={(q) => onChange({ ...filter, q })} />
      <Choice
        label="Channel"
        value={channel}
        options={{ '': 'All channels', ...Object.fromEntries(channels.map((name) => [name, name])) }}
        onChoose={(value) => onChange({ ...filter, channel: value })}
      />
      <Choice
        label="Reason"
        value={reason}
        options={{ '': 'All reasons', ...REASONS }}
        onChoose={(value) => onChange({ ...filter, reason: value })}
      />
      <Choice
        label="State"
        value={state}
        options={{ '': 'Open', replayed: 'Replayed', all: 'Open and replayed' }}
        onChoose={(value) => onChange({ ...filter, state: value })}
      />
      {group !== undefined && (
        <Button
          size="small"
          icon="close"
          className="max-w-full"
          onClick={() => onChange({ ...filter, group: undefined })}
          aria-label={`All errors, not only: ${group}`}
        >
          <span className="truncate">{group}</span>
        </Button>
      )}
    </div>
  );
}

/** One of a few values, or none, which has words of its own under the empty name. */
function Choice<Value extends string>({
  label,
  value,
  options,
  onChoose,
}: {
  label: string;
  value: Value | undefined;
  options: Readonly<Partial<Record<Value | '', string>>>;
  onChoose: (value: Value | undefined) => void;
}) {
  return (
    <div className="w-full sm:w-40">
      <Select
        aria-label={label}
        value={value ?? ''}
        onChange={({ target }) => onChoose((target.value as Value | '') || undefined)}
      >
        {Object.entries<string | undefined>(options).map(([name, words]) => (
          <option key={name} value={name}>
            {words}
          </option>
        ))}
      </Select>
    </div>
  );
}

/** Searches when the typing pauses. */
function Search({ onSearch }: { onSearch: (q: string | undefined) => void }) {
  const [text, setText] = useState('');
  const latest = useRef(onSearch);
  useEffect(() => {
    latest.current = onSearch;
  });
  const isTyped = useRef(false);
  useEffect(() => {
    if (!isTyped.current) return;
    const timer = setTimeout(() => latest.current(text.trim() || undefined), SEARCH_AFTER_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <div className="relative min-w-56 flex-1">
      <Icon name="search" className="pointer-events-none absolute top-2.5 left-3 text-faint" />
      <Input
        type="search"
        aria-label="Search in errors and messages"
        placeholder="Error, address, id…"
        className="pl-10"
        maxLength={LONGEST_SEARCH}
        value={text}
        onChange={({ target }) => {
          isTyped.current = true;
          setText(target.value);
        }}
      />
    </div>
  );
}
