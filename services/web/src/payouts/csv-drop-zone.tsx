'use client';

import { useEffect, useId, useState, type DragEvent } from 'react';
import { cx } from '../ui/cx.ts';
import { Icon } from '../ui/icon.tsx';

/** Takes one file: dropped on it, or picked, by pointer or keyboard. */
export function CsvDropZone({ onFile }: { onFile: (file: File) => void }) {
  const hintId = useId();
  const [isOver, setOver] = useState(false);
  useEffect(keepPage, []);
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    const [file] = event.dataTransfer.files;
    if (file !== undefined) onFile(file);
  };
  return (
    <label
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
      className={cx(
        'relative flex h-44 cursor-pointer flex-col items-center justify-center gap-1 rounded-control border border-dashed px-4 text-center transition-colors',
        'has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent',
        isOver ? 'border-accent bg-accent-soft' : 'border-line-strong hover:border-accent hover:bg-sunken',
      )}
    >
      <input
        type="file"
        accept=".csv,text/csv"
        aria-describedby={hintId}
        onChange={({ target }) => {
          const [file] = target.files ?? [];
          // The same file, mended, may be chosen again.
          target.value = '';
          if (file !== undefined) onFile(file);
        }}
        className="absolute inset-0 cursor-pointer opacity-0"
      />
      <span className="mb-2 flex size-10 items-center justify-center rounded-full bg-accent-soft text-accent">
        <Icon name="upload" />
      </span>
      <span className="font-medium">Drop a CSV file here, or choose one</span>
      <span id={hintId} className="text-[13px] text-muted">
        <code className="font-mono text-xs">to,amount,currency,note</code>, amounts in paise, up to 1,00,000
        lines
      </span>
    </label>
  );
}

/** A file that misses is dropped on the page, in whose place a browser would show it. Returns what ends this. */
function keepPage(): () => void {
  const keep = (event: Event) => event.preventDefault();
  const types = ['dragover', 'drop'];
  for (const type of types) addEventListener(type, keep);
  return () => {
    for (const type of types) removeEventListener(type, keep);
  };
}
