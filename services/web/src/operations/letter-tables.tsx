import type { DeadLetter, DeadLetterGroup } from '../api/operations.ts';
import { formatCount } from '../format/indian.ts';
import { Button } from '../ui/button.tsx';
import { Badge, Status } from '../ui/status.tsx';
import { Table, Td, Th } from '../ui/table.tsx';
import { Time } from '../ui/time.tsx';
import { REASONS } from './letter-words.ts';

interface LetterGroupsTableProps {
  groups: readonly DeadLetterGroup[];
  /** They were asked for by another filter, and are not replayed by this one. */
  isFormer: boolean;
  /** Without it there is nothing to replay: they have been. */
  onReplay: ((group: DeadLetterGroup) => void) | undefined;
  onShow: (group: DeadLetterGroup) => void;
}

/** What letters died of, the commonest first. */
export function LetterGroupsTable({ groups, isFormer, onReplay, onShow }: LetterGroupsTableProps) {
  return (
    <Table label="Dead letters by error">
      <thead>
        <tr>
          <Th className="text-right">Letters</Th>
          <Th>Error</Th>
          <Th>Last</Th>
          <Th className="relative">
            <span className="sr-only">Actions</span>
          </Th>
        </tr>
      </thead>
      <tbody>
        {groups.map((group) => (
          <tr key={`${group.channel} ${group.reason} ${group.group}`}>
            <Td className="w-16 text-right text-[15px] font-semibold">{formatCount(group.count)}</Td>
            <Td className="min-w-64">
              <p className="break-words">{group.group}</p>
              <p className="mt-1 flex flex-wrap gap-1.5">
                <Badge>{group.channel}</Badge>
                <Badge tone="bad">{REASONS[group.reason]}</Badge>
              </p>
            </Td>
            <Td className="whitespace-nowrap text-muted">
              <Time at={group.newestAt} as="ago" />
            </Td>
            <Td className="w-px whitespace-nowrap">
              <span className="flex justify-end gap-1">
                <Button size="small" look="quiet" onClick={() => onShow(group)}>
                  Show
                </Button>
                {onReplay !== undefined && (
                  <Button size="small" disabled={isFormer} onClick={() => onReplay(group)}>
                    Replay…
                  </Button>
                )}
              </span>
            </Td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

interface LettersTableProps {
  letters: readonly DeadLetter[];
  onOpen: (id: string) => void;
}

/** Letters one by one, newest first. */
export function LettersTable({ letters, onOpen }: LettersTableProps) {
  return (
    <Table label="Dead letters">
      <thead>
        <tr>
          <Th>Letter</Th>
          <Th>Error</Th>
          <Th className="text-right">Attempts</Th>
          <Th>State</Th>
          <Th>Last</Th>
        </tr>
      </thead>
      <tbody>
        {letters.map(({ id, subject, error, reason, attempts, state, lastAt }) => (
          <tr key={id}>
            <Td className="whitespace-nowrap">
              <button
                type="button"
                className="rounded-sm font-medium text-accent hover:underline"
                onClick={() => onOpen(id)}
              >
                {id}
              </button>
            </Td>
            <Td className="min-w-64">
              <p className="line-clamp-2 break-words">{error}</p>
              <p className="mt-0.5 max-w-96 truncate text-[13px] text-muted">
                {REASONS[reason]} · <span className="font-mono text-xs">{subject}</span>
              </p>
            </Td>
            <Td className="text-right">{formatCount(attempts)}</Td>
            <Td>
              <LetterState state={state} />
            </Td>
            <Td className="whitespace-nowrap text-muted">
              <Time at={lastAt} as="ago" />
            </Td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

export function LetterState({ state }: Pick<DeadLetter, 'state'>) {
  return state === 'open' ? <Status tone="bad">Open</Status> : <Status tone="good">Replayed</Status>;
}
