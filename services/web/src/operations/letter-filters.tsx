'use client';

import { useEffect, useRef, useState } from 'react';
import type { DeadLetterReason, LetterFilter } from '../api/operations.ts';
import { Button } from '../ui/button.tsx';
import { Input, Select } from '../ui/field.tsx';
import { Icon } from '../ui/icon.tsx';
import { REASONS } from './letter-words.ts';

interface LetterFiltersProps {
  filter: LetterFilter;
  onChange: (filter: LetterFilter) => void;
}

const CHANNELS = ['push', 'phone', 'email'];
const SEARCH_AFTER_MS = 300;
const LONGEST_SEARCH = 200;

/** What narrows the dead letters. */
export function LetterFilters({ filter, onChange }: LetterFiltersProps) {
  const { channel, reason, state, group } = filter;
  return (
    <div className="flex w-full flex-wrap items-center gap-2">
      <Search onSearch={(q) => onChange({ ...filter, q })} />
      <div className="w-full sm:w-40">
        <Select
          aria-label="Channel"
          value={channel ?? ''}
          onChange={({ target }) => onChange({ ...filter, channel: target.value || undefined })}
        >
          <option value="">All channels</option>
          {CHANNELS.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </Select>
      </div>
      <div className="w-full sm:w-40">
        <Select
          aria-label="Reason"
          value={reason ?? ''}
          onChange={({ target }) =>
            onChange({ ...filter, reason: (target.value as DeadLetterReason | '') || undefined })
          }
        >
          <option value="">All reasons</option>
          {Object.entries(REASONS).map(([name, words]) => (
            <option key={name} value={name}>
              {words}
            </option>
          ))}
        </Select>
      </div>
      <div className="w-full sm:w-40">
        <Select
          aria-label="State"
          value={state ?? ''}
          onChange={({ target }) =>
            onChange({ ...filter, state: (target.value as 'replayed' | 'all' | '') || undefined })
          }
        >
          <option value="">Open</option>
          <option value="replayed">Replayed</option>
          <option value="all">Open and replayed</option>
        </Select>
      </div>
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
